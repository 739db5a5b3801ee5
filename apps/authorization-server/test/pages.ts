export * from '../../../test/support/authorization/pages.ts';
