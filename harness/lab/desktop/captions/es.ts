import type { DesktopCaptions } from './captions.ts';

export const ES: DesktopCaptions = {
  starting: 'Iniciando Windows',
  restarting: 'Reiniciando...',
  shuttingDown: 'Apagando...',
  logon: {
    edition: { win7: 'Windows 7 Professional', win8: 'Windows 8 Pro', win81: 'Windows 8.1 Pro' },
    password: 'Contraseña',
    submit: 'Enviar',
    capsLock: 'Bloq Mayús está activado',
    link: '¿Olvidó la contraseña?',
    switchUser: 'Cambiar de usuario',
    back: 'Atrás',
    ok: 'Aceptar',
    message: {
      refused: 'El nombre de usuario o la contraseña no son correctos.',
      unavailable:
        'Actualmente no hay servidores de inicio de sesión disponibles para atender la solicitud de inicio de sesión.',
    },
    welcome: 'Bienvenido',
    easeOfAccess: 'Accesibilidad',
    powerOptions: 'Opciones de apagado',
    restart: 'Reiniciar',
    shutDown: 'Apagar',
  },
  dialog: {
    title: 'Restablecer contraseña',
    wait: 'Espere...',
    failed: 'Se ha producido un error. Inténtelo de nuevo más tarde.',
    close: 'Cerrar',
  },
  desktop: {
    recycleBin: 'Papelera de reciclaje',
    computer: 'Equipo',
    start: 'Inicio',
    apps: {
      mail: 'Correo',
      calendar: 'Calendario',
      store: 'Tienda',
      desktop: 'Escritorio',
      photos: 'Fotos',
      weather: 'El tiempo',
      maps: 'Mapas',
      camera: 'Cámara',
      help: 'Ayuda y consejos',
    },
  },
};
