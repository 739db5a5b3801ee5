/**
 * True when a file's name fits a pattern in which `*` stands for any text and `?` for one character, in any case. It
 * never looks back further than to the last `*`, so that no pattern makes it slow, as one made a regular expression could.
 */
export function fitsNamePattern(pattern: string, name: string): boolean {
  const wanted = pattern.toLowerCase();
  const text = name.toLowerCase();
  let star = -1;
  let restart = 0;
  let at = 0;
  let index = 0;
  while (index < text.length) {
    if (wanted[at] === '*') {
      star = at++;
      restart = index;
    } else if (wanted[at] === '?' || wanted[at] === text[index]) {
      at++;
      index++;
    } else if (star >= 0) {
      at = star + 1;
      index = ++restart;
    } else return false;
  }
  while (wanted[at] === '*') at++;
  return at === wanted.length;
}
