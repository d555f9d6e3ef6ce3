import type { DesktopCaptions } from './captions.ts';

export const FR: DesktopCaptions = {
  starting: 'Démarrage de Windows',
  restarting: 'Redémarrage...',
  shuttingDown: 'Arrêt en cours...',
  logon: {
    edition: {
      win7: 'Windows 7 Professionnel',
      win8: 'Windows 8 Professionnel',
      win81: 'Windows 8.1 Professionnel',
    },
    password: 'Mot de passe',
    submit: 'Envoyer',
    capsLock: 'La touche Verr. maj. est activée',
    link: 'Vous avez oublié votre mot de passe ?',
    switchUser: "Changer d'utilisateur",
    back: 'Retour',
    ok: 'OK',
    message: {
      refused: "Le nom d'utilisateur ou le mot de passe est incorrect.",
      unavailable:
        "Aucun serveur d'accès n'est actuellement disponible pour traiter la demande d'ouverture de session.",
    },
    welcome: 'Bienvenue',
    easeOfAccess: "Options d'ergonomie",
    powerOptions: "Options d'arrêt",
    restart: 'Redémarrer',
    shutDown: 'Arrêter',
  },
  dialog: {
    title: 'Réinitialiser le mot de passe',
    wait: 'Veuillez patienter...',
    failed: "Une erreur s'est produite. Veuillez réessayer plus tard.",
    close: 'Fermer',
  },
  desktop: {
    recycleBin: 'Corbeille',
    computer: 'Ordinateur',
    start: 'Accueil',
    apps: {
      mail: 'Courrier',
      calendar: 'Calendrier',
      store: 'Windows Store',
      desktop: 'Bureau',
      photos: 'Photos',
      weather: 'Météo',
      maps: 'Cartes',
      camera: 'Caméra',
      help: 'Aide + astuces',
    },
  },
};
