/** Where the worker of the bare loop listens; the loop has one tool and no tenants. */
export const bareCallSubject = 'bare.call.echo';
