import type { PortalCaptions } from './captions.ts';

const NOT_ENABLED = "Votre compte n'est pas activé pour la réinitialisation du mot de passe.";

export const FR: PortalCaptions = {
  backIntoAccount: 'Retournez sur votre compte',
  newPassword: 'Créer un mot de passe',
  userId: {
    who: 'Qui êtes-vous ?',
    begin: 'Pour récupérer votre compte, commencez par entrer votre identifiant utilisateur.',
    label: 'Identifiant utilisateur :',
    example: 'Exemple : user@contoso.onmicrosoft.com ou user@contoso.com',
    captchaPicture: 'image avec des caractères',
    captchaLabel: "Entrez les caractères de l'image :",
  },
  methods: {
    choose: 'Choisissez la méthode de contact que nous devons utiliser pour la vérification :',
    names: {
      email: 'Envoyer un e-mail sur mon adresse de messagerie de secours',
      mobilePhone: 'Envoyer un SMS sur mon téléphone portable',
      securityQuestion: 'Répondre à ma question de sécurité',
    },
    buttons: { email: 'E-mail', mobilePhone: 'Envoyer un SMS' },
    email: (address) =>
      `Vous allez recevoir un message contenant un code de vérification à votre adresse de secours (${address}).`,
    mobilePhone: (number) =>
      `Pour protéger votre compte, entrez ci-dessous votre numéro de téléphone portable complet (${number}). Vous recevrez un SMS contenant un code de vérification qui permet de réinitialiser votre mot de passe.`,
    phonePlaceholder: 'Entrez votre numéro de téléphone',
  },
  code: {
    sent: {
      email: 'Nous avons envoyé un e-mail contenant un code de vérification dans votre boîte de réception.',
      mobilePhone: 'Nous avons envoyé un SMS contenant un code de vérification sur votre téléphone.',
    },
    label: 'Entrez votre code de vérification :',
    trouble: 'Vous rencontrez un problème ?',
    resend: 'Envoyer un nouveau code',
    otherMethod: 'Choisir une autre méthode',
  },
  password: {
    enter: 'Entrez le nouveau mot de passe :',
    confirm: 'Confirmez le nouveau mot de passe :',
    rules:
      'Un mot de passe fort est requis : 8 à 256 caractères, avec trois de ces types : lettres minuscules, lettres majuscules, chiffres, symboles.',
  },
  steps: {
    verification: (number) => `étape de vérification ${number}`,
    password: 'choisir un nouveau mot de passe',
  },
  done: {
    title: 'Votre mot de passe a été réinitialisé',
    text: 'Vous pouvez maintenant vous connecter avec votre nouveau mot de passe.',
  },
  closed: {
    finished: 'Vous avez terminé.',
    cancelled: 'La réinitialisation du mot de passe a été annulée.',
    closeWindow: 'Vous pouvez fermer cette fenêtre.',
  },
  expired: { title: 'Votre session a expiré.', text: 'Veuillez recommencer.', again: 'Recommencer' },
  next: 'Suivant',
  cancel: 'Annuler',
  close: 'Fermer',
  finish: 'Terminer',
  errorCode: "Code d'erreur :",
  supportCode: 'Code de support :',
  refused: {
    unknown: {
      title: "Nous n'avons pas pu vérifier votre compte.",
      text: "Si vous le souhaitez, nous pouvons contacter un administrateur de votre organisation pour qu'il réinitialise votre mot de passe.",
    },
    tenantOff: {
      title: NOT_ENABLED,
      text: 'Veuillez contacter votre administrateur. La réinitialisation du mot de passe est désactivée pour votre organisation.',
    },
    writebackOff: {
      title: NOT_ENABLED,
      text: "Veuillez contacter votre administrateur. Votre mot de passe est géré localement et un service nécessaire n'est pas activé.",
    },
    notEnabled: {
      title: NOT_ENABLED,
      text: "Veuillez contacter votre administrateur. Votre administrateur n'a pas activé la réinitialisation du mot de passe pour vous.",
    },
    notLicensed: {
      title: NOT_ENABLED,
      text: 'Veuillez contacter votre administrateur. La licence requise manque à votre organisation.',
    },
    notMember: {
      title: NOT_ENABLED,
      text: "Veuillez contacter votre administrateur. Vous n'êtes pas membre du groupe autorisé à réinitialiser ses mots de passe.",
    },
    insufficientMethods: {
      title:
        'Informations de sécurité supplémentaires requises pour la réinitialisation de votre mot de passe.',
      text: "Veuillez contacter votre administrateur. Vous n'avez pas inscrit les informations de sécurité nécessaires.",
    },
    onPremisesError: {
      title: "Nous n'avons pas pu réinitialiser votre mot de passe.",
      text: 'Veuillez contacter votre administrateur. Votre configuration locale présente un problème.',
    },
    onPremisesUnreachable: {
      title: "Nous n'avons pas pu réinitialiser votre mot de passe.",
      text: 'Veuillez contacter votre administrateur. Votre service local de réinitialisation de mot de passe est injoignable.',
    },
    blocked: {
      title: 'Vous avez essayé un trop grand nombre de fois.',
      text: 'Pour des raisons de sécurité, vous êtes bloqué pendant 24 heures. Réessayez demain ou contactez votre administrateur.',
    },
  },
  problems: {
    noUserId: 'Entrez votre identifiant utilisateur.',
    captcha: "Les caractères que vous avez entrés ne correspondent pas à l'image. Réessayez.",
    phone:
      'Le numéro de téléphone que vous avez entré ne correspond pas à celui que nous avons enregistré. Réessayez.',
    answers: 'Les réponses que vous avez entrées sont incorrectes. Réessayez.',
    code: 'Le code de vérification que vous avez entré est incorrect. Réessayez.',
    tooShort: 'Votre mot de passe doit comporter au moins 8 caractères.',
    tooLong: 'Votre mot de passe ne peut pas dépasser 256 caractères.',
    unicode: 'Votre mot de passe ne peut pas contenir de caractères Unicode.',
    classes:
      'Votre mot de passe doit contenir trois des éléments suivants : une lettre minuscule, une lettre majuscule, un chiffre, un symbole.',
    differ: 'Les mots de passe que vous avez entrés ne correspondent pas.',
    banned:
      'Malheureusement, vous ne pouvez pas utiliser ce mot de passe, car il contient des mots ou des caractères bloqués par votre administrateur. Réessayez avec un autre mot de passe.',
  },
  mail: {
    subject: (organization) => `Code de vérification de la messagerie de votre compte ${organization}`,
    lines: (upn, code) => [
      'Vérifiez votre adresse e-mail',
      `Merci d'avoir vérifié votre compte ${upn} !`,
      `Votre code est : ${code}`,
      'Cordialement,',
    ],
  },
  text: (organization, code) =>
    `Utilisez le code de vérification ${code} pour la réinitialisation du mot de passe ${organization}`,
};
