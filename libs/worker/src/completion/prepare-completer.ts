import { StartError } from '@gatehouse/runtime';
import type { CompleteOptions } from '../declarations.ts';
import type { Completers, OfferedMethod, PreparedServer } from '../server/prepared-server.ts';

/**
 * Adds a completer to the prompt or template that it names; those must be there already.
 * @throws StartError with one sentence when there is no such argument
 */
export function prepareCompleter(server: PreparedServer, options: CompleteOptions, method: OfferedMethod): void {
  const { where } = method;
  const { argument } = options;
  const { names, completers, owner } = findCompleted(server, options, where);
  if (!names.includes(argument)) {
    throw new StartError(`${where} completes "${argument}", which ${owner} does not have.`);
  }
  if (completers.has(argument)) throw new StartError(`${where} completes "${argument}" of ${owner} a second time.`);
  completers.set(argument, method.handle);
  server.definitions.completions = true;
}

function findCompleted(
  server: PreparedServer,
  options: CompleteOptions,
  where: string,
): { names: string[]; completers: Completers; owner: string } {
  if ('prompt' in options) {
    const owner = `the prompt "${options.prompt}"`;
    const prompt = server.prompts.get(options.prompt);
    if (!prompt) throw new StartError(`${where} completes ${owner}, which this server does not have.`);
    return { names: prompt.argumentNames, completers: prompt.completers, owner };
  }
  const owner = `the resource template "${options.uriTemplate}"`;
  const template = server.templates.find(({ uriTemplate }) => uriTemplate.template === options.uriTemplate);
  if (!template) throw new StartError(`${where} completes ${owner}, which this server does not have.`);
  return { names: template.uriTemplate.variables, completers: template.completers, owner };
}
