import { Layout, renderDocument } from './layout.tsx';
import type { Texts } from './texts.ts';

/** A page that says what went wrong and what to do. */
export interface ErrorPage {
  texts: Texts;
  /** Words from `texts.errors`. */
  words: { title: string; explanation: string; hint: string };
  /** What the administrator may need: an OAuth error code and its description, both free of secrets. */
  code?: string;
  description?: string;
  /** A way to go on, relative to this page. */
  link?: { href: string; text: string };
  /** Host of this server. */
  host: string;
}

/** Renders an error page; its headers are `pageHeaders()`. */
export function renderErrorPage(page: ErrorPage): string {
  const { texts, words, link } = page;
  return renderDocument(
    <Layout texts={texts} title={words.title} host={page.host} width="narrow">
      <h1>{words.title}</h1>
      <p>{words.explanation}</p>
      <p class="soft">{words.hint}</p>
      {link && (
        <p>
          <a href={link.href}>{link.text}</a>
        </p>
      )}
      {page.code === undefined ? undefined : (
        <dl>
          <div>
            <dt>{texts.errors.code}</dt>
            <dd>
              <code>{page.code}</code>
              {page.description === undefined ? undefined : (
                <>
                  <br />
                  <span class="soft">{page.description}</span>
                </>
              )}
            </dd>
          </div>
        </dl>
      )}
    </Layout>,
  );
}
