/** Every word that a person reads, in English: the other languages say the same. Plain text, no markup. */
export const english = {
  language: 'en',
  product: 'Gatehouse',
  withdrawn:
    'The application can stay connected after you close this page, until its access ends or you disconnect it on your account page.',

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
    purposeAccount: 'to see and change your account',
    email: 'E-mail',
    password: 'Password',
    submit: 'Sign in',
    cancel: 'Cancel',
    problem: 'There is a problem',
  },

  code: {
    title: 'Enter your code',
    introduction: 'Your authenticator app shows it.',
    signingInAs: 'Signing in as',
    label: 'Code of six digits',
    lost: 'I have no authenticator at hand',
    recoveryLabel: 'Recovery code',
    recoveryHint: 'Each of your recovery codes works once.',
    submit: 'Sign in',
    startOver: 'Use another account',
  },

  /** What stands in the way of a form, and what to do. */
  problems: {
    refused: { title: 'This e-mail and password do not belong together.', hint: 'Check both and try again.' },
    'wrong-code': {
      title: 'This code is not right.',
      hint: 'A code works once and for half a minute. Wait for the next one.',
    },
    'timed-out': { title: 'That took too long.', hint: 'Begin again.' },
    'wrong-password': { title: 'This is not your present password.', hint: 'Nothing was changed.' },
    unacceptable: {
      title: 'This cannot be your new password.',
      hint: 'It needs 8 to 1024 characters and must not be the present one.',
    },
    different: { title: 'The two new passwords differ.', hint: 'Type the same one twice.' },
    throttled: 'Too many attempts.',
    busy: 'Many people are signing in right now.',
    wait: (seconds: number) =>
      seconds <= 90 ? `Try again in ${seconds} seconds.` : `Try again in ${Math.ceil(seconds / 60)} minutes.`,
  },

  account: {
    title: 'Your account',
    signOut: 'Sign out',
    back: 'Back to your account',
    cancel: 'Cancel',

    clients: {
      title: 'Connected applications',
      introduction: 'They may use tools in your name until you disconnect them.',
      none: 'No application is connected.',
      more: (count: number) => `Only the ${count} that were used last are shown.`,
      mayDo: 'May',
      on: 'On',
      lastUse: 'Last used',
      neverUsed: 'never',
      since: 'Connected',
      disconnect: 'Disconnect',
    },

    sessions: {
      title: 'Browsers',
      introduction: 'Where you are signed in. A browser is signed out after eight hours without use, and after a day.',
      here: 'This browser',
      unknown: 'Unknown browser',
      on: (browser: string, system: string) => `${browser} on ${system}`,
      lastUse: 'Last here',
      since: 'Signed in',
      address: 'From',
      signOut: 'Sign out',
      everywhere: 'Sign out everywhere',
      everywhereHint: 'Connected applications stay connected.',
    },

    secondFactor: {
      title: 'Two-step sign-in',
      off: 'Off. With an authenticator app, your password alone lets nobody in.',
      on: 'On since',
      left: (count: number) => (count === 1 ? '1 recovery code is left.' : `${count} recovery codes are left.`),
      turnOff: 'Turn off',
      renew: 'New recovery codes',
      confirm: 'Your password, to make sure that it is you',
      code: 'A code of your authenticator, or a recovery code',
      setUp: 'Set up',
    },

    enrolment: {
      title: 'Set up your authenticator',
      scan: 'Scan this with an authenticator app, such as the one on your phone.',
      picture: 'QR code with the key of your account',
      byHand: 'Or type this key into the app',
      label: 'The code of six digits that the app shows now',
      submit: 'Turn on',
    },

    recovery: {
      title: 'Your recovery codes',
      introduction:
        'Each signs you in once when your authenticator is lost. Keep them where you keep your passwords: they are shown only now.',
      done: 'I have kept them',
    },

    password: {
      title: 'Password',
      introduction: 'A new password signs out every other browser.',
      change: 'Change password',
      present: 'Present password',
      next: 'New password',
      hint: 'At least 8 characters. A sentence is easier to remember.',
      again: 'New password, again',
      disconnect: 'Disconnect all applications too',
      submit: 'Change password',
    },

    /** What was done. */
    done: {
      disconnected: 'The application is disconnected.',
      'session-ended': 'That browser is signed out.',
      'signed-out': 'You are signed out.',
      'signed-out-everywhere': 'You are signed out everywhere.',
      'password-changed': 'Your password is changed, and every other browser is signed out.',
      'second-factor-on': 'Two-step sign-in is on.',
      'second-factor-off': 'Two-step sign-in is off.',
    },
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
      explanation: 'This server signs people in for their applications.',
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
