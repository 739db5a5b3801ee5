export * from '../../../test/support/authorization/http.ts';
