import { raw } from 'hono/html';
import type { PropsWithChildren } from 'hono/jsx';
import { style } from './style.ts';
import type { Texts } from './texts.ts';

const icon =
  'data:image/svg+xml,' +
  encodeURIComponent(
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 24 24" fill="none" stroke="#4a78e8" stroke-width="2.2" stroke-linecap="round"><path d="M4 21V11a8 8 0 0 1 16 0v10M12 3v18M8 21v-9M16 21v-9M2.5 21h19"/></svg>',
  );

/** What every page has. */
interface Frame {
  texts: Texts;
  title: string;
  /** Host of this server. */
  host: string;
  width?: 'narrow' | 'wide';
  /** Where the browser goes by itself. */
  goOnTo?: string;
}

/** The frame of every page: brand, one card, the host that one is talking to. */
export function Layout(props: PropsWithChildren<Frame>) {
  const { texts } = props;
  return (
    <html lang={texts.language}>
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        {props.goOnTo === undefined ? undefined : <meta http-equiv="refresh" content={`0; url=${props.goOnTo}`} />}
        <title>{`${props.title} · ${texts.product}`}</title>
        <link rel="icon" href={icon} />
        <style>{raw(style)}</style>
      </head>
      <body>
        <header>
          <Gate />
          <span>{texts.product}</span>
        </header>
        <main class={props.width}>{props.children}</main>
        <footer>{props.host}</footer>
      </body>
    </html>
  );
}

/** A page as text, with its doctype. */
export function renderDocument(page: { toString(): string }): string {
  return `<!doctype html>\n${page.toString()}\n`;
}

/** The mark of the product. */
export function Gate() {
  return (
    <svg
      viewBox="0 0 24 24"
      fill="none"
      stroke="currentColor"
      stroke-width="2"
      stroke-linecap="round"
      aria-hidden="true"
    >
      <path d="M4 21V11a8 8 0 0 1 16 0v10M12 3v18M8 21v-9M16 21v-9M2.5 21h19" />
    </svg>
  );
}
