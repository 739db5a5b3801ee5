import { Layout, renderDocument } from '../../interactions/pages/layout.tsx';
import type { AccountPart } from './action-form.tsx';

/** What the page shows that hands out recovery codes. */
export interface RecoveryPage extends AccountPart {
  /** Host of this server. */
  host: string;
  codes: string[];
}

/** The page that shows recovery codes, this once. */
export function renderRecoveryPage({ texts, host, path, codes }: RecoveryPage): string {
  const words = texts.account.recovery;
  return renderDocument(
    <Layout texts={texts} title={words.title} host={host}>
      <h1>{words.title}</h1>
      <p>{words.introduction}</p>
      <ul class="codes">
        {codes.map((code) => (
          <li>
            <code>{code}</code>
          </li>
        ))}
      </ul>
      <p>
        <a class="button" href={`${path}?done=second-factor-on`}>
          {words.done}
        </a>
      </p>
    </Layout>,
  );
}
