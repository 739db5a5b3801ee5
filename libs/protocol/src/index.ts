export type * from './definitions.ts';
export type { Principal } from './principal.ts';
