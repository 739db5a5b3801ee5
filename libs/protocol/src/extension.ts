/** Extensions of MCP that Gatehouse knows, by the names under which they are declared in `capabilities.extensions`. */
export const Extension = {
  tasks: 'io.modelcontextprotocol/tasks',
} as const;
