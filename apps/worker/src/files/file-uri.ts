/** URI template of all files; the prefix is this server's own. */
export const fileUriTemplate = 'files:///{+path}';

/** The URI of a path that `parsePath` has read: each name percent-encoded (RFC 3986 §3.3). */
export function fileUri(filePath: string): string {
  return `files:///${filePath.split('/').map(encodeURIComponent).join('/')}`;
}
