/**
 * What the run must pass: the scenarios that the suite's requirement set `2026-07-28` scores for servers. The suite runs
 * others beside them (extensions, additions after the release); those are shown and decide nothing.
 */
export const scoredScenarios: readonly string[] = [
  'server-stateless',
  'completion-complete',
  'tools-list',
  'tools-call-simple-text',
  'tools-call-image',
  'tools-call-audio',
  'tools-call-embedded-resource',
  'tools-call-mixed-content',
  'tools-call-error',
  'tools-call-with-progress',
  'server-sse-multiple-streams',
  'resources-list',
  'resources-read-text',
  'resources-read-binary',
  'resources-templates-read',
  'sep-2164-resource-not-found',
  'prompts-list',
  'prompts-get-simple',
  'prompts-get-with-args',
  'prompts-get-embedded-resource',
  'prompts-get-with-image',
  'dns-rebinding-protection',
  'caching',
  'input-required-result-basic-elicitation',
  'input-required-result-basic-sampling',
  'input-required-result-basic-list-roots',
  'input-required-result-request-state',
  'input-required-result-multiple-input-requests',
  'input-required-result-multi-round',
  'input-required-result-missing-input-response',
  'input-required-result-non-tool-request',
  'input-required-result-result-type',
  'input-required-result-unsupported-methods',
  'input-required-result-tampered-state',
  'input-required-result-capability-check',
  'input-required-result-ignore-extra-params',
  'input-required-result-validate-input',
];

/** Scored scenarios that may fail for now. One that passes all the same must be taken off, or the run fails. */
export const notYetRequired: readonly string[] = [];

/** The scenarios of tools, resources and prompts, which also run against the aggregated endpoint. */
export const aggregateScenarios: readonly string[] = scoredScenarios.filter((name) =>
  /^(tools|resources|prompts)-|^sep-2164-|^completion-/.test(name),
);
