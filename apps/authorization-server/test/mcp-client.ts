export * from '../../../test/support/authorization/mcp-client.ts';
