import type { Texts } from './texts.ts';

/** The words of `english.ts` in German. */
export const german: Texts = {
  language: 'de',
  product: 'Gatehouse',
  withdrawn:
    'Die Anwendung kann verbunden bleiben, nachdem Sie diese Seite geschlossen haben, bis ihr Zugriff endet oder Sie sie auf Ihrer Kontoseite trennen.',

  approval: {
    title: (name) => `${name} verbinden?`,
    titleAgain: (name) => `${name} erneut verbinden?`,
    introduction: 'Die Anwendung möchte in Ihrem Namen Werkzeuge benutzen.',
    introductionAgain:
      'Sie haben dieser Anwendung schon einmal zugestimmt. Stimmen Sie nur erneut zu, wenn Sie sie gerade gestartet haben.',
    changedIntroduction:
      'Was die Anwendung bekäme, weicht von dem ab, dem zugestimmt wurde. Bitte sehen Sie noch einmal hin.',
    describedAt: 'Beschrieben von',
    answersGoTo: 'Ihre Zustimmung geht an',
    accessTo: 'Zugriff auf',
    mayDo: 'Sie darf dann',
    approve: 'Zustimmen',
    deny: 'Ablehnen',
    signedInAs: 'Angemeldet als',
    otherAccount: 'Anderes Konto benutzen',
  },

  client: {
    unnamed: 'Eine Anwendung ohne Namen',
    unverified: (name) => `Niemand hat den Namen „${name}“ geprüft.`,
    selfDescribed: (host, name) => `${host} nennt sie „${name}“; niemand sonst hat diesen Namen geprüft.`,
    loopback: 'eine Anwendung auf diesem Computer',
    website: 'eine Website',
    app: 'eine auf diesem Gerät installierte Anwendung',
    loopbackWarning:
      'Jedes Programm auf diesem Computer kann ihn benutzen: Stimmen Sie nur zu, wenn Sie die Verbindung gerade selbst begonnen haben.',
    websiteWarning: (host) =>
      `Achten Sie darauf, wohin Ihre Zustimmung geht: Stimmen Sie nur zu, wenn Sie ${host} kennen und die Verbindung gerade dort begonnen haben.`,
    appWarning:
      'Jedes Programm auf diesem Gerät kann ihn benutzen: Stimmen Sie nur zu, wenn Sie die Verbindung gerade selbst begonnen haben.',
  },

  scopes: {
    plain: {
      mcp: { title: 'verbinden', detail: 'Sich verbinden und die Werkzeuge auflisten' },
      openid: { title: 'Identität', detail: 'Erfahren, welches Konto Sie haben' },
    },
    ofServer: {
      read: { title: 'lesen', detail: 'Werkzeuge benutzen, die nur lesen' },
      write: { title: 'ändern', detail: 'Werkzeuge benutzen, die anlegen, ändern oder löschen' },
    },
    custom: 'Eine Berechtigung, die dieser Server festlegt',
  },

  login: {
    title: 'Anmelden',
    purpose: (name) => `um ${name} zu verbinden`,
    purposeAccount: 'um Ihr Konto zu sehen und zu ändern',
    email: 'E-Mail',
    password: 'Passwort',
    submit: 'Anmelden',
    cancel: 'Abbrechen',
    problem: 'Es gibt ein Problem',
  },

  code: {
    title: 'Geben Sie Ihren Code ein',
    introduction: 'Ihre Authenticator-App zeigt ihn an.',
    signingInAs: 'Anmeldung als',
    label: 'Sechsstelliger Code',
    lost: 'Ich habe keinen Authenticator zur Hand',
    recoveryLabel: 'Wiederherstellungscode',
    recoveryHint: 'Jeder Ihrer Wiederherstellungscodes gilt einmal.',
    submit: 'Anmelden',
    startOver: 'Anderes Konto benutzen',
  },

  problems: {
    refused: {
      title: 'Diese E-Mail und dieses Passwort gehören nicht zusammen.',
      hint: 'Prüfen Sie beides und versuchen Sie es noch einmal.',
    },
    'wrong-code': {
      title: 'Dieser Code stimmt nicht.',
      hint: 'Ein Code gilt einmal und eine halbe Minute lang. Warten Sie auf den nächsten.',
    },
    'timed-out': { title: 'Das hat zu lange gedauert.', hint: 'Beginnen Sie noch einmal.' },
    'wrong-password': { title: 'Das ist nicht Ihr jetziges Passwort.', hint: 'Es wurde nichts geändert.' },
    unacceptable: {
      title: 'Das kann nicht Ihr neues Passwort sein.',
      hint: 'Es braucht 8 bis 1024 Zeichen und darf nicht das jetzige sein.',
    },
    different: {
      title: 'Die beiden neuen Passwörter sind verschieden.',
      hint: 'Geben Sie zweimal dasselbe ein.',
    },
    throttled: 'Zu viele Versuche.',
    busy: 'Gerade melden sich viele Menschen an.',
    wait: (seconds) =>
      seconds <= 90
        ? `Versuchen Sie es in ${seconds} Sekunden noch einmal.`
        : `Versuchen Sie es in ${Math.ceil(seconds / 60)} Minuten noch einmal.`,
  },

  account: {
    title: 'Ihr Konto',
    signOut: 'Abmelden',
    back: 'Zurück zu Ihrem Konto',
    cancel: 'Abbrechen',

    clients: {
      title: 'Verbundene Anwendungen',
      introduction: 'Sie dürfen in Ihrem Namen Werkzeuge benutzen, bis Sie sie trennen.',
      none: 'Keine Anwendung ist verbunden.',
      more: (count) => `Nur die ${count} zuletzt benutzten werden gezeigt.`,
      mayDo: 'Darf',
      on: 'Auf',
      lastUse: 'Zuletzt benutzt',
      neverUsed: 'nie',
      since: 'Verbunden',
      disconnect: 'Trennen',
    },

    sessions: {
      title: 'Browser',
      introduction:
        'Hier sind Sie angemeldet. Ein Browser wird nach acht Stunden ohne Benutzung und nach einem Tag abgemeldet.',
      here: 'Dieser Browser',
      unknown: 'Unbekannter Browser',
      on: (browser, system) => `${browser} auf ${system}`,
      lastUse: 'Zuletzt hier',
      since: 'Angemeldet',
      address: 'Von',
      signOut: 'Abmelden',
      everywhere: 'Überall abmelden',
      everywhereHint: 'Verbundene Anwendungen bleiben verbunden.',
    },

    secondFactor: {
      title: 'Anmeldung in zwei Schritten',
      off: 'Aus. Mit einer Authenticator-App lässt Ihr Passwort allein niemanden hinein.',
      on: 'An seit',
      left: (count) =>
        count === 1 ? '1 Wiederherstellungscode ist übrig.' : `${count} Wiederherstellungscodes sind übrig.`,
      turnOff: 'Ausschalten',
      renew: 'Neue Wiederherstellungscodes',
      confirm: 'Ihr Passwort, damit sicher ist, dass Sie es sind',
      code: 'Ein Code Ihres Authenticators oder ein Wiederherstellungscode',
      setUp: 'Einrichten',
    },

    enrolment: {
      title: 'Richten Sie Ihren Authenticator ein',
      scan: 'Lesen Sie das Bild mit einer Authenticator-App ein, etwa der auf Ihrem Telefon.',
      picture: 'QR-Code mit dem Schlüssel Ihres Kontos',
      byHand: 'Oder tippen Sie diesen Schlüssel in die App',
      label: 'Der sechsstellige Code, den die App jetzt anzeigt',
      submit: 'Einschalten',
    },

    recovery: {
      title: 'Ihre Wiederherstellungscodes',
      introduction:
        'Jeder meldet Sie einmal an, wenn Ihr Authenticator verloren ist. Bewahren Sie die Codes bei Ihren Passwörtern auf: Gezeigt werden sie nur jetzt.',
      done: 'Ich habe sie aufbewahrt',
    },

    password: {
      title: 'Passwort',
      introduction: 'Ein neues Passwort meldet jeden anderen Browser ab.',
      change: 'Passwort ändern',
      present: 'Jetziges Passwort',
      next: 'Neues Passwort',
      hint: 'Mindestens 8 Zeichen. Einen Satz merkt man sich leichter.',
      again: 'Neues Passwort, noch einmal',
      disconnect: 'Auch alle Anwendungen trennen',
      submit: 'Passwort ändern',
    },

    done: {
      disconnected: 'Die Anwendung ist getrennt.',
      'session-ended': 'Der Browser ist abgemeldet.',
      'signed-out': 'Sie sind abgemeldet.',
      'signed-out-everywhere': 'Sie sind überall abgemeldet.',
      'password-changed': 'Ihr Passwort ist geändert und jeder andere Browser abgemeldet.',
      'second-factor-on': 'Die Anmeldung in zwei Schritten ist an.',
      'second-factor-off': 'Die Anmeldung in zwei Schritten ist aus.',
    },
  },

  goOn: {
    title: 'Einen Moment',
    explanation: 'Sie werden weitergeleitet.',
    link: 'Weiter',
  },

  errors: {
    code: 'Fehlercode',
    expired: {
      title: 'Diese Seite gilt nicht mehr',
      explanation: 'Sie wurde schon benutzt oder war zu lange offen.',
      hint: 'Gehen Sie zu Ihrer Anwendung zurück und verbinden Sie sie erneut.',
    },
    otherBrowser: {
      title: 'Diese Seite gehört zu einem anderen Browser',
      explanation: 'Eine Anmeldung kann nur in dem Browser beendet werden, in dem sie begonnen hat.',
      hint: 'Gehen Sie zu Ihrer Anwendung zurück und verbinden Sie sie in diesem Browser erneut.',
    },
    forgedForm: {
      title: 'Dieses Formular konnte nicht geprüft werden',
      explanation:
        'Es kam nicht von der Seite, die wir Ihnen gezeigt haben, oder Ihr Browser hat seine Cookies verworfen.',
      hint: 'Es wurde nichts geändert. Öffnen Sie die Seite noch einmal und wiederholen Sie, was Sie getan haben.',
      again: 'Seite noch einmal öffnen',
    },
    badForm: {
      title: 'Dieses Formular ist unvollständig',
      explanation: 'Etwas, das dazugehört, fehlt oder ist zu lang.',
      hint: 'Es wurde nichts geändert. Öffnen Sie die Seite noch einmal und wiederholen Sie, was Sie getan haben.',
    },
    notFound: {
      title: 'Hier ist nichts',
      explanation: 'Dieser Server meldet Menschen für ihre Anwendungen an.',
      hint: 'Gehen Sie zu Ihrer Anwendung zurück und verbinden Sie sie erneut.',
    },
    generic: {
      title: 'Das hat nicht geklappt',
      explanation: 'Die Anfrage Ihrer Anwendung kann nicht beantwortet werden.',
      hint: 'Gehen Sie zu Ihrer Anwendung zurück und verbinden Sie sie erneut. Geschieht es wieder, zeigen Sie diese Seite Ihrer Administration.',
    },
    server: {
      title: 'Hier ist etwas schiefgegangen',
      explanation: 'Der Fehler liegt bei uns, nicht bei Ihnen.',
      hint: 'Warten Sie einen Moment, gehen Sie dann zu Ihrer Anwendung zurück und verbinden Sie sie erneut.',
    },
  },
};
