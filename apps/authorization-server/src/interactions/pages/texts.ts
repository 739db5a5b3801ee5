/** Every word that a person reads. A second language is a second object of this type. */
export const texts = {
  language: 'en',
  product: 'Gatehouse',
  withdrawn: 'The application can stay connected after you close this page, until its access ends or is withdrawn.',

  approval: {
    title: (name: string) => `Connect ${name}?`,
    titleAgain: (name: string) => `Connect ${name} again?`,
    introduction: 'It asks to use tools in your name.',
    introductionAgain: 'You approved this application before. Approve it again only if you have just started it.',
    changedIntroduction: 'What the application would get differs from what was approved. Please look again.',
    describedAt: 'Described by',
    answersGoTo: 'Your approval goes to',
    accessTo: 'Access to',
    mayDo: 'It will be able to',
    approve: 'Approve',
    deny: 'Deny',
    signedInAs: 'Signed in as',
    otherAccount: 'Use another account',
  },

  client: {
    unnamed: 'An application without a name',
    unverified: (name: string) => `Nobody has verified the name “${name}”.`,
    selfDescribed: (host: string, name: string) => `${host} calls it “${name}”; nobody else has verified this name.`,
    loopback: 'an application on this computer',
    website: 'a website',
    app: 'an application installed on this device',
    loopbackWarning:
      'Any program on this computer can use it: approve only if you have just started the connection yourself.',
    websiteWarning: (host: string) =>
      `Look at where your approval goes: approve only if you know ${host} and have just started the connection there.`,
    appWarning: 'Any program on this device can use it: approve only if you have just started the connection yourself.',
  },

  scopes: {
    /** Scopes that belong to no server. */
    plain: {
      mcp: { title: 'connect', detail: 'Connect and list the tools' },
      openid: { title: 'identity', detail: 'Know which account you are' },
    },
    /** `<server>:read` and `<server>:write`. */
    ofServer: {
      read: { title: 'read', detail: 'Use tools that only read' },
      write: { title: 'change', detail: 'Use tools that create, change or delete' },
    },
    custom: 'A permission that this server defines',
  },

  login: {
    title: 'Sign in',
    purpose: (name: string) => `to connect ${name}`,
    email: 'E-mail',
    password: 'Password',
    submit: 'Sign in',
    cancel: 'Cancel',
    refused: 'This e-mail and password do not belong together.',
    refusedHint: 'Check both and try again.',
    throttled: 'Too many attempts.',
    busy: 'Many people are signing in right now.',
    waitHint: (seconds: number) =>
      seconds <= 90 ? `Try again in ${seconds} seconds.` : `Try again in ${Math.ceil(seconds / 60)} minutes.`,
    problem: 'There is a problem',
  },

  goOn: {
    title: 'One moment',
    explanation: 'You are being sent on.',
    link: 'Go on',
  },

  errors: {
    code: 'Error code',
    expired: {
      title: 'This page is no longer valid',
      explanation: 'It has been used already, or it was open for too long.',
      hint: 'Go back to your application and connect again.',
    },
    otherBrowser: {
      title: 'This page belongs to another browser',
      explanation: 'A sign-in can only be finished in the browser in which it began.',
      hint: 'Go back to your application and connect again from this browser.',
    },
    forgedForm: {
      title: 'This form could not be checked',
      explanation: 'It did not come from the page that we showed you, or your browser has dropped its cookies.',
      hint: 'Nothing was changed. Open the page again and repeat what you did.',
      again: 'Open the page again',
    },
    badForm: {
      title: 'This form is incomplete',
      explanation: 'Something that belongs to it is missing or too long.',
      hint: 'Nothing was changed. Open the page again and repeat what you did.',
    },
    notFound: {
      title: 'There is nothing here',
      explanation: 'This server only signs people in for their applications.',
      hint: 'Go back to your application and connect again.',
    },
    generic: {
      title: 'This did not work',
      explanation: 'The request of your application cannot be answered.',
      hint: 'Go back to your application and connect again. If it happens again, show this page to your administrator.',
    },
    server: {
      title: 'Something went wrong here',
      explanation: 'The fault is ours, not yours.',
      hint: 'Wait a moment, then go back to your application and connect again.',
    },
  },
};
