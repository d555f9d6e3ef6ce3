import type { DesktopCaptions } from './captions.ts';

export const EN: DesktopCaptions = {
  starting: 'Starting Windows',
  restarting: 'Restarting...',
  shuttingDown: 'Shutting down...',
  logon: {
    edition: { win7: 'Windows 7 Professional', win8: 'Windows 8 Pro', win81: 'Windows 8.1 Pro' },
    password: 'Password',
    submit: 'Submit',
    capsLock: 'Caps Lock is on',
    link: 'Forgot password?',
    switchUser: 'Switch User',
    back: 'Back',
    ok: 'OK',
    message: {
      refused: 'The user name or password is incorrect.',
      unavailable: 'There are currently no logon servers available to service the logon request.',
    },
    welcome: 'Welcome',
    easeOfAccess: 'Ease of access',
    powerOptions: 'Shut down options',
    restart: 'Restart',
    shutDown: 'Shut down',
  },
  dialog: {
    title: 'Reset password',
    wait: 'Please wait...',
    failed: 'Something went wrong. Please, try again later.',
    close: 'Close',
  },
  desktop: {
    recycleBin: 'Recycle Bin',
    computer: 'Computer',
    start: 'Start',
    apps: {
      mail: 'Mail',
      calendar: 'Calendar',
      store: 'Store',
      desktop: 'Desktop',
      photos: 'Photos',
      weather: 'Weather',
      maps: 'Maps',
      camera: 'Camera',
      help: 'Help and Tips',
    },
  },
};
