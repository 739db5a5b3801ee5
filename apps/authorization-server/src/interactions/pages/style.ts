/** The one style sheet, inlined; its hash stands in the Content-Security-Policy. Colours pass WCAG 2.2 AA. */
export const style = `
:root {
  color-scheme: light dark;
  --page: #eef1f5; --card: #ffffff; --line: #d9dee7; --ink: #18202e; --soft: #56617a; --well: #f5f7fa;
  --accent: #2453c7; --accent-ink: #ffffff; --accent-over: #1b419f; --ring: #2453c7;
  --field: #ffffff; --field-line: #7a869c;
  --warn: #fff7e6; --warn-line: #e3b341; --warn-ink: #5c4100;
  --bad: #fdeeee; --bad-line: #c93434; --bad-ink: #8a1717;
  --good: #e9f7ee; --good-line: #3c9a5f; --good-ink: #14532d;
  --shadow: 0 1px 2px rgb(24 32 46 / .06), 0 12px 32px rgb(24 32 46 / .08);
}
@media (prefers-color-scheme: dark) {
  :root {
    --page: #0f141c; --card: #181f2a; --line: #2b3545; --ink: #e9edf4; --soft: #a3aec2; --well: #1f2835;
    --accent: #8fb2ff; --accent-ink: #0c1730; --accent-over: #b3ccff; --ring: #a9c4ff;
    --field: #11171f; --field-line: #71809a;
    --warn: #2c2413; --warn-line: #8a6a1c; --warn-ink: #f4d58d;
    --bad: #331a1c; --bad-line: #d96a6a; --bad-ink: #ffb9b9;
    --good: #14281c; --good-line: #4c9a6a; --good-ink: #b5e8c6;
    --shadow: 0 1px 2px rgb(0 0 0 / .4), 0 16px 40px rgb(0 0 0 / .35);
  }
}
* { box-sizing: border-box; }
html { font: 100%/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", "Liberation Sans", Arial, sans-serif; -webkit-text-size-adjust: 100%; }
body { margin: 0; min-height: 100vh; min-height: 100dvh; display: flex; flex-direction: column; align-items: center;
  padding: clamp(1rem, 5vh, 4rem) 1rem 1.5rem; background: var(--page); color: var(--ink); }
header { display: flex; align-items: center; gap: .6rem; margin: 0 0 1.25rem; font-weight: 650; font-size: 1.0625rem; letter-spacing: -.005em; }
header svg { width: 1.625rem; height: 1.625rem; color: var(--accent); }
main { width: 100%; max-width: 28rem; background: var(--card); border: 1px solid var(--line); border-radius: 1rem;
  box-shadow: var(--shadow); padding: clamp(1.25rem, 5vw, 2.25rem); }
main.narrow { max-width: 24rem; }
main.wide { max-width: 46rem; }
.connection { display: flex; align-items: center; margin: 0 0 1.1rem; }
.tile { display: grid; place-items: center; flex: none; width: 2.75rem; height: 2.75rem; border: 1px solid var(--line); border-radius: .8rem;
  background: var(--well); font-size: 1.125rem; font-weight: 650; }
.tile svg { width: 1.5rem; height: 1.5rem; }
.tile img { width: 1.75rem; height: 1.75rem; object-fit: contain; }
.tile.gate { background: var(--accent); border-color: var(--accent); color: var(--accent-ink); }
.path { flex: none; width: 2.75rem; margin: 0 .4rem; border-top: 2px dotted var(--field-line); }
h1 { margin: 0; font-size: 1.5rem; line-height: 1.25; font-weight: 680; letter-spacing: -.018em; text-wrap: balance; overflow-wrap: anywhere; }
h2 { margin: 1.25rem 0 .25rem; font-size: .9375rem; font-weight: 620; }
p { margin: .5rem 0 0; text-wrap: pretty; }
.soft { color: var(--soft); }
.small { font-size: .875rem; }
dl { margin: 1.1rem 0 0; border: 1px solid var(--line); border-radius: .75rem; background: var(--well); }
dl > div { padding: .7rem .95rem; }
dl > div + div { border-top: 1px solid var(--line); }
dt { font-size: .8125rem; color: var(--soft); }
dd { margin: 0; overflow-wrap: anywhere; }
dd strong { font-weight: 650; }
dd.host strong { font-size: 1.125rem; letter-spacing: -.005em; }
dd.host .soft { display: block; font-size: .875rem; }
ul { list-style: none; margin: 0; padding: 0; }
li { display: flex; gap: .6rem; padding: .2rem 0; }
li svg { flex: none; width: 1.05rem; height: 1.05rem; margin-top: .23rem; color: var(--accent); }
li strong { font-weight: 600; }
ul:not(.items) > li .soft { font-size: .875rem; }
ul:not(.items) > li .soft::before { content: "– "; }
.headline { display: flex; flex-wrap: wrap; gap: .75rem; justify-content: space-between; align-items: flex-start; overflow-wrap: anywhere; }
.headline p, .headline form { margin: 0; }
section { margin: 1.75rem 0 0; padding: 1.5rem 0 0; border-top: 1px solid var(--line); }
section > h2 { margin: 0; font-size: 1.125rem; font-weight: 650; }
section > p { margin-top: .25rem; }
h3 { margin: 0; font-size: 1rem; font-weight: 620; overflow-wrap: anywhere; }
.items { margin: .9rem 0 0; border: 1px solid var(--line); border-radius: .75rem; background: var(--well); }
.item { flex-wrap: wrap; gap: .6rem 1rem; justify-content: space-between; align-items: center; padding: .8rem .95rem; }
.item + .item { border-top: 1px solid var(--line); }
.item > div { flex: 1 1 15rem; min-width: 0; overflow-wrap: anywhere; }
.item p { margin: .1rem 0 0; }
.item form, .item button { margin: 0; }
.item button, .aside button, .headline button { min-height: 2.375rem; padding: .35rem .9rem; font-size: .9375rem; background: var(--card); }
.item button:hover, .aside button:hover, .headline button:hover { background: var(--page); }
.badge { display: inline-block; margin-inline-start: .35rem; padding: .05rem .5rem; border: 1px solid var(--good-line); border-radius: 1rem;
  background: var(--good); color: var(--good-ink); font-size: .75rem; font-weight: 600; vertical-align: .1em; }
.aside { display: flex; flex-wrap: wrap; gap: .6rem 1rem; justify-content: space-between; align-items: center; margin: .9rem 0 0; }
details { margin: .9rem 0 0; }
summary { width: fit-content; padding: .2rem 0; color: var(--accent); font-weight: 580; cursor: pointer; border-radius: .25rem; }
details form { max-width: 26rem; margin: 0 0 .5rem; }
label.choice { display: flex; gap: .6rem; align-items: center; margin: 1.1rem 0 0; font-weight: 400; }
.done { margin: 1rem 0 0; padding: .75rem .95rem; border: 1px solid var(--good-line); border-radius: .75rem; background: var(--good); color: var(--good-ink); }
.key { display: block; margin: .35rem 0 0; font-size: 1rem; }
.qr { display: block; width: 13rem; height: 13rem; margin: 1rem 0 0; border: 1px solid var(--line); border-radius: .75rem; background: #ffffff; }
.codes { display: grid; grid-template-columns: repeat(auto-fill, minmax(13rem, 1fr)); gap: .25rem 1.5rem; margin: 1rem 0; padding: .8rem .95rem;
  border: 1px solid var(--line); border-radius: .75rem; background: var(--well); }
.note, .problem { margin: 1rem 0 0; padding: .75rem .95rem; border-radius: .75rem; border: 1px solid var(--warn-line);
  background: var(--warn); color: var(--warn-ink); font-size: .875rem; }
.note p, .problem p { margin: 0; }
.problem { border-color: var(--bad-line); background: var(--bad); color: var(--bad-ink); font-size: .9375rem; }
.problem h2 { margin: 0 0 .15rem; font-size: inherit; }
form { margin: 1.1rem 0 0; }
input + .buttons { margin-top: 1.5rem; }
label { display: block; margin: 1rem 0 .35rem; font-weight: 580; font-size: .9375rem; }
input { width: 100%; min-height: 2.875rem; padding: .6rem .8rem; font: inherit; color: inherit; background: var(--field);
  border: 1px solid var(--field-line); border-radius: .6rem; }
input[type="checkbox"] { flex: none; width: 1.25rem; min-height: 1.25rem; height: 1.25rem; accent-color: var(--accent); }
input.code { font-family: ui-monospace, SFMono-Regular, Menlo, Consolas, "Liberation Mono", monospace; letter-spacing: .08em; }
input[aria-invalid="true"] { border-color: var(--bad-line); }
.buttons { display: flex; flex-wrap: wrap; gap: .75rem; margin: 1.1rem 0 0; }
.buttons button { flex: 1 1 8rem; }
button { min-height: 2.875rem; padding: .6rem 1.1rem; font: inherit; font-weight: 600; border-radius: .6rem; cursor: pointer;
  border: 1px solid var(--field-line); background: transparent; color: var(--ink); }
button:hover { background: var(--well); }
button.primary { background: var(--accent); border-color: var(--accent); color: var(--accent-ink); }
button.primary:hover { background: var(--accent-over); border-color: var(--accent-over); }
/* The second half of a double click that began on another page must not press a button of this one. */
.buttons button { animation: arm .6s steps(1, end); }
@keyframes arm { from { pointer-events: none; } to { pointer-events: auto; } }
button.link { min-height: 1.5rem; padding: 0; border: 0; background: none; color: var(--accent); font-weight: 500; font-size: inherit;
  text-decoration: underline; text-underline-offset: .18em; }
a { color: var(--accent); text-underline-offset: .18em; }
a.button { display: inline-block; padding: .65rem 1.1rem; border-radius: .6rem; background: var(--accent); color: var(--accent-ink); font-weight: 600; text-decoration: none; }
a.button:hover { background: var(--accent-over); }
.account { margin: 1.25rem 0 0; padding: 1rem 0 0; border-top: 1px solid var(--line); display: flex; flex-wrap: wrap; gap: .15rem .75rem;
  justify-content: space-between; font-size: .875rem; overflow-wrap: anywhere; }
code { font: .875em ui-monospace, SFMono-Regular, Menlo, Consolas, "Liberation Mono", monospace; overflow-wrap: anywhere; }
:focus-visible { outline: 3px solid var(--ring); outline-offset: 2px; }
footer { margin: 1.25rem 0 0; font-size: .8125rem; color: var(--soft); text-align: center; max-width: 27rem; overflow-wrap: anywhere; }
@media (forced-colors: active) { button.primary { border: 2px solid ButtonText; } }
`;
