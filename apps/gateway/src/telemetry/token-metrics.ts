import { metrics } from '@gatehouse/runtime';

/** Checks of access tokens; a cached one costs a hundredth of one that is verified. */
export const tokenVerifications = metrics.counter({
  name: 'gatehouse.token.verifications',
  unit: '{token}',
  description: 'Access tokens that were checked: found in the cache, verified, or refused and why',
  labels: ['gatehouse.outcome', 'gatehouse.reason'],
});
