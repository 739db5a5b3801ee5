/** The path of a request for the log: interaction ids and client ids stand in paths, codes and states in queries. */
export function maskPath(url: string): string {
  const path = url.split('?')[0] ?? '';
  return path.slice(0, 256).replace(/\/(interaction|auth|reg)\/+[^/]+/, '/$1/:id');
}
