/** The scenarios that the suite's requirement set `2026-07-28` scores for servers. */
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

/** Scenarios that came after the release or that the suite's own fixture fails; this product passes them. */
const unscoredScenarios: readonly string[] = [
  'json-schema-2020-12',
  'http-header-validation',
  'http-custom-header-server-validation',
];

/** The Tasks extension, which the requirement set does not score. */
const taskScenarios: readonly string[] = [
  'tasks-lifecycle',
  'tasks-capability-negotiation',
  'tasks-wire-fields',
  'tasks-request-state-removal',
  'tasks-mrtr-input',
  'tasks-request-headers',
  'tasks-dispatch-and-envelope',
  'tasks-required-task-error',
  'tasks-mrtr-composition',
];

/** Everything that must pass. */
export const requiredScenarios: readonly string[] = [...scoredScenarios, ...unscoredScenarios, ...taskScenarios];

/**
 * What the suite skips, since it cannot listen yet: apps/gateway/test/task-notifications.spec.ts tests it. When the suite can,
 * a scenario that passes must be moved up, or the run fails.
 */
export const notYetRequired: readonly string[] = ['tasks-status-notifications'];

/** The suite's scenarios for authorization servers. */
export const authorizationScenarios: readonly string[] = [
  'authorization-server-metadata-endpoint',
  'authorization-code-grant',
];
