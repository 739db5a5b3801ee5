/**
 * The canonical form of a resource indicator (RFC 8707 §2): scheme and host in lower case, no default port, no
 * trailing slash, for clients differ in those.
 * @returns undefined for what is not an absolute http or https URI, or has a fragment or a user.
 */
export function canonicalResource(value: string): string | undefined {
  if (!URL.canParse(value)) return undefined;
  const url = new URL(value);
  if (!/^https?:$/.test(url.protocol) || value.includes('#') || url.username !== '' || url.password !== '') {
    return undefined;
  }
  return url.href.replace(/\/+$/, '');
}
