import { Layout, renderDocument } from './layout.tsx';
import type { Texts } from './texts.ts';

/**
 * The page that follows a form: it sends the browser on. A redirect would be part of the form's submission, and Chromium
 * would hold every hop up to and behind the client to the form's `form-action`.
 */
export function renderGoOnPage(page: { texts: Texts; url: string; host: string }): string {
  const { title, explanation, link } = page.texts.goOn;
  return renderDocument(
    <Layout texts={page.texts} title={title} host={page.host} width="narrow" goOnTo={page.url}>
      <h1>{title}</h1>
      <p>{explanation}</p>
      <p>
        <a href={page.url}>{link}</a>
      </p>
    </Layout>,
  );
}
