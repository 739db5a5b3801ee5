/** Methods of MCP that Gatehouse names; everything else is -32601. */
export const Method = {
  discover: 'server/discover',
  initialize: 'initialize',
  ping: 'ping',
  toolsList: 'tools/list',
  toolsCall: 'tools/call',
  resourcesList: 'resources/list',
  resourceTemplatesList: 'resources/templates/list',
  resourcesRead: 'resources/read',
  promptsList: 'prompts/list',
  promptsGet: 'prompts/get',
  complete: 'completion/complete',
  subscriptionsListen: 'subscriptions/listen',
  tasksGet: 'tasks/get',
  tasksUpdate: 'tasks/update',
  tasksCancel: 'tasks/cancel',
} as const;

export type Method = (typeof Method)[keyof typeof Method];
