import type { PortalCaptions } from './captions.ts';

/* The Swedish documents are machine translated, with compounds torn apart; here they are words again. */

const NOT_ENABLED = 'Ditt konto har inte aktiverats för lösenordsåterställning.';

export const SV: PortalCaptions = {
  backIntoAccount: 'Kom tillbaka till ditt konto',
  newPassword: 'Skapa ett nytt lösenord',
  userId: {
    who: 'Vem är du?',
    begin: 'Börja med att ange ditt användar-ID för att återställa ditt konto.',
    label: 'Användar-ID:',
    example: 'Exempel: user@contoso.onmicrosoft.com eller user@contoso.com',
    captchaPicture: 'bild med tecken',
    captchaLabel: 'Ange tecknen i bilden:',
  },
  methods: {
    choose: 'Välj den kontaktmetod som vi ska använda för verifiering:',
    names: {
      email: 'Skicka e-post till min alternativa e-postadress',
      mobilePhone: 'Skicka sms till min mobiltelefon',
      securityQuestion: 'Svara på mina säkerhetsfrågor',
    },
    buttons: { email: 'E-post', mobilePhone: 'Sms' },
    email: (address) =>
      `Du får ett meddelande med en verifieringskod till din alternativa e-postadress (${address}).`,
    mobilePhone: (number) =>
      `För att skydda ditt konto behöver du ange hela ditt mobiltelefonnummer (${number}) nedan. Du får sedan ett sms med en verifieringskod som kan användas för att återställa ditt lösenord.`,
    phonePlaceholder: 'Ange ditt telefonnummer',
  },
  code: {
    sent: {
      email: 'Vi har skickat ett e-postmeddelande med en verifieringskod till din inkorg.',
      mobilePhone: 'Vi har skickat ett sms med en verifieringskod till din telefon.',
    },
    label: 'Ange din verifieringskod:',
    trouble: 'Har du problem?',
    resend: 'Skicka en ny kod',
    otherMethod: 'Välj en annan metod',
  },
  password: {
    enter: 'Ange nytt lösenord:',
    confirm: 'Bekräfta nytt lösenord:',
    rules:
      'Ett starkt lösenord krävs: 8 till 256 tecken, med tre av dessa: gemener, versaler, siffror, symboler.',
  },
  steps: {
    verification: (number) => `verifieringssteg ${number}`,
    password: 'välj ett nytt lösenord',
  },
  done: {
    title: 'Ditt lösenord har återställts',
    text: 'Du kan nu logga in med ditt nya lösenord.',
  },
  closed: {
    finished: 'Du är klar.',
    cancelled: 'Lösenordsåterställningen avbröts.',
    closeWindow: 'Du kan stänga det här fönstret.',
  },
  expired: { title: 'Din session har upphört att gälla.', text: 'Börja om.', again: 'Börja om' },
  next: 'Nästa',
  cancel: 'Avbryt',
  close: 'Stäng',
  finish: 'Slutför',
  errorCode: 'Felkod:',
  supportCode: 'Supportkod:',
  refused: {
    unknown: {
      title: 'Vi kunde inte verifiera ditt konto.',
      text: 'Om du vill kan vi kontakta en administratör i din organisation som återställer ditt lösenord åt dig.',
    },
    tenantOff: {
      title: NOT_ENABLED,
      text: 'Kontakta administratören. Lösenordsåterställning är inaktiverat för din organisation.',
    },
    writebackOff: {
      title: NOT_ENABLED,
      text: 'Kontakta administratören. Ditt lösenord hanteras lokalt och en tjänst som behövs är inte aktiverad.',
    },
    notEnabled: {
      title: NOT_ENABLED,
      text: 'Kontakta administratören. Administratören har inte aktiverat lösenordsåterställning för dig.',
    },
    notLicensed: {
      title: NOT_ENABLED,
      text: 'Kontakta administratören. Den licens som krävs saknas i din organisation.',
    },
    notMember: {
      title: NOT_ENABLED,
      text: 'Kontakta administratören. Du är inte medlem i den grupp som får återställa sina lösenord.',
    },
    insufficientMethods: {
      title: 'Ytterligare säkerhetsinformation behövs för att återställa ditt lösenord.',
      text: 'Kontakta administratören. Du har inte registrerat den säkerhetsinformation som behövs.',
    },
    onPremisesError: {
      title: 'Vi kunde inte återställa ditt lösenord.',
      text: 'Kontakta administratören. Det finns ett problem med din lokala konfiguration.',
    },
    onPremisesUnreachable: {
      title: 'Vi kunde inte återställa ditt lösenord.',
      text: 'Kontakta administratören. Den lokala tjänsten för lösenordsåterställning kunde inte nås.',
    },
    blocked: {
      title: 'Du har försökt för många gånger.',
      text: 'Av säkerhetsskäl är du blockerad i 24 timmar. Försök igen i morgon eller kontakta administratören.',
    },
  },
  problems: {
    noUserId: 'Ange ditt användar-ID.',
    captcha: 'Tecknen du angav stämmer inte med bilden. Försök igen.',
    phone: 'Telefonnumret du angav stämmer inte med det som vi har registrerat. Försök igen.',
    answers: 'Svaren du angav är inte rätt. Försök igen.',
    code: 'Verifieringskoden du angav är felaktig. Försök igen.',
    tooShort: 'Lösenordet måste innehålla minst 8 tecken.',
    tooLong: 'Lösenordet får innehålla högst 256 tecken.',
    unicode: 'Lösenordet får inte innehålla Unicode-tecken.',
    classes: 'Lösenordet måste innehålla tre av dessa: en gemen, en versal, en siffra, en symbol.',
    differ: 'Lösenorden du angav stämmer inte överens.',
    banned:
      'Du kan tyvärr inte använda det lösenordet eftersom det innehåller ord eller tecken som har blockerats av administratören. Försök igen med ett annat lösenord.',
  },
  mail: {
    subject: (organization) => `Verifieringskod för e-post för ditt ${organization}-konto`,
    lines: (upn, code) => [
      'Verifiera din e-postadress',
      `Tack för att du verifierar ditt konto ${upn}!`,
      `Din kod är: ${code}`,
      'Vänliga hälsningar,',
    ],
  },
  text: (organization, code) =>
    `Använd verifieringskoden ${code} för lösenordsåterställning hos ${organization}`,
};
