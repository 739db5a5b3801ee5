export * from '../../../test/support/authorization/browser.ts';
