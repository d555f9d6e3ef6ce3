import type { DesktopCaptions } from './captions.ts';

export const SV: DesktopCaptions = {
  starting: 'Startar Windows',
  restarting: 'Startar om...',
  shuttingDown: 'Stänger av...',
  logon: {
    edition: { win7: 'Windows 7 Professional', win8: 'Windows 8 Pro', win81: 'Windows 8.1 Pro' },
    password: 'Lösenord',
    submit: 'Skicka',
    capsLock: 'Caps Lock är aktiverat',
    link: 'har du glömt lösenordet?',
    switchUser: 'Växla användare',
    back: 'Tillbaka',
    ok: 'OK',
    message: {
      refused: 'Användarnamnet eller lösenordet är felaktigt.',
      unavailable:
        'Det finns för närvarande inga tillgängliga inloggningsservrar som kan hantera inloggningsbegäran.',
    },
    welcome: 'Välkommen',
    easeOfAccess: 'Hjälpmedel',
    powerOptions: 'Avstängningsalternativ',
    restart: 'Starta om',
    shutDown: 'Stäng av',
  },
  dialog: {
    title: 'Återställ lösenord',
    wait: 'Vänta...',
    failed: 'Något gick fel. Försök igen senare.',
    close: 'Stäng',
  },
  desktop: {
    recycleBin: 'Papperskorgen',
    computer: 'Dator',
    start: 'Start',
    apps: {
      mail: 'E-post',
      calendar: 'Kalender',
      store: 'Store',
      desktop: 'Skrivbord',
      photos: 'Foton',
      weather: 'Väder',
      maps: 'Kartor',
      camera: 'Kamera',
      help: 'Hjälp + tips',
    },
  },
};
