import type { PortalCaptions } from './captions.ts';

const NOT_ENABLED = 'Su cuenta no está habilitada para el restablecimiento de contraseña.';

export const ES: PortalCaptions = {
  backIntoAccount: 'Vuelva a su cuenta',
  newPassword: 'Crear una nueva contraseña',
  userId: {
    who: '¿Quién es usted?',
    begin: 'Para recuperar su cuenta, empiece por escribir su id. de usuario.',
    label: 'Id. de usuario:',
    example: 'Ejemplo: user@contoso.onmicrosoft.com o user@contoso.com',
    captchaPicture: 'imagen con caracteres',
    captchaLabel: 'Escriba los caracteres de la imagen:',
  },
  methods: {
    choose: 'Elija el método de contacto que debemos usar para la verificación:',
    names: {
      email: 'Enviar un mensaje de correo electrónico a mi dirección alternativa',
      mobilePhone: 'Enviar mensaje de texto a mi teléfono móvil',
      securityQuestion: 'Responder a mis preguntas de seguridad',
    },
    buttons: { email: 'Correo electrónico', mobilePhone: 'Texto' },
    email: (address) =>
      `Recibirá un mensaje con un código de verificación en su dirección de correo electrónico alternativa (${address}).`,
    mobilePhone: (number) =>
      `Para proteger su cuenta, escriba a continuación su número de teléfono móvil completo (${number}). Recibirá un mensaje de texto con un código de verificación que podrá usar para restablecer la contraseña.`,
    phonePlaceholder: 'Escriba su número de teléfono',
  },
  code: {
    sent: {
      email:
        'Hemos enviado un mensaje de correo electrónico con un código de verificación a su bandeja de entrada.',
      mobilePhone: 'Hemos enviado un mensaje de texto con un código de verificación a su teléfono.',
    },
    label: 'Escriba el código de verificación:',
    trouble: '¿Tiene algún problema?',
    resend: 'Enviar un código nuevo',
    otherMethod: 'Elegir otro método',
  },
  password: {
    enter: 'Escriba la nueva contraseña:',
    confirm: 'Confirme la nueva contraseña:',
    rules:
      'Se requiere una contraseña segura: de 8 a 256 caracteres, con tres de estos tipos: letras minúsculas, letras mayúsculas, números y símbolos.',
  },
  steps: {
    verification: (number) => `paso de verificación ${number}`,
    password: 'elegir una nueva contraseña',
  },
  done: {
    title: 'Se ha restablecido la contraseña',
    text: 'Ya puede iniciar sesión con la nueva contraseña.',
  },
  closed: {
    finished: 'Ha finalizado.',
    cancelled: 'Se ha cancelado el restablecimiento de la contraseña.',
    closeWindow: 'Puede cerrar esta ventana.',
  },
  expired: { title: 'La sesión ha expirado.', text: 'Empiece de nuevo.', again: 'Empezar de nuevo' },
  next: 'Siguiente',
  cancel: 'Cancelar',
  close: 'Cerrar',
  finish: 'Finalizar',
  errorCode: 'Código de error:',
  supportCode: 'Código de soporte técnico:',
  refused: {
    unknown: {
      title: 'No hemos podido verificar su cuenta.',
      text: 'Si lo desea, podemos ponernos en contacto con un administrador de su organización para que restablezca su contraseña.',
    },
    tenantOff: {
      title: NOT_ENABLED,
      text: 'Póngase en contacto con el administrador. El restablecimiento de contraseña está deshabilitado en su organización.',
    },
    writebackOff: {
      title: NOT_ENABLED,
      text: 'Póngase en contacto con el administrador. Su contraseña se administra de forma local y no está habilitado un servicio necesario.',
    },
    notEnabled: {
      title: NOT_ENABLED,
      text: 'Póngase en contacto con el administrador. El administrador no ha activado el restablecimiento de contraseña para usted.',
    },
    notLicensed: {
      title: NOT_ENABLED,
      text: 'Póngase en contacto con el administrador. Falta la licencia necesaria en su organización.',
    },
    notMember: {
      title: NOT_ENABLED,
      text: 'Póngase en contacto con el administrador. No es miembro del grupo que puede restablecer su contraseña.',
    },
    insufficientMethods: {
      title: 'Se necesita información de seguridad adicional para restablecer la contraseña.',
      text: 'Póngase en contacto con el administrador. No ha registrado la información de seguridad necesaria.',
    },
    onPremisesError: {
      title: 'No hemos podido restablecer su contraseña.',
      text: 'Póngase en contacto con el administrador. Hay un problema con la configuración local.',
    },
    onPremisesUnreachable: {
      title: 'No hemos podido restablecer su contraseña.',
      text: 'Póngase en contacto con el administrador. No se pudo conectar con el servicio local de restablecimiento de contraseña.',
    },
    blocked: {
      title: 'Lo ha intentado demasiadas veces.',
      text: 'Por motivos de seguridad, está bloqueado durante 24 horas. Vuelva a intentarlo mañana o póngase en contacto con el administrador.',
    },
  },
  problems: {
    noUserId: 'Escriba su id. de usuario.',
    captcha: 'Los caracteres que ha escrito no coinciden con la imagen. Inténtelo de nuevo.',
    phone:
      'El número de teléfono que ha escrito no coincide con el que tenemos registrado. Inténtelo de nuevo.',
    answers: 'Las respuestas que ha escrito no son correctas. Inténtelo de nuevo.',
    code: 'El código de verificación que ha escrito no es correcto. Inténtelo de nuevo.',
    tooShort: 'La contraseña debe tener al menos 8 caracteres.',
    tooLong: 'La contraseña no puede tener más de 256 caracteres.',
    unicode: 'La contraseña no puede contener caracteres Unicode.',
    classes:
      'Su contraseña debe contener tres de estos elementos: una letra minúscula, una letra mayúscula, un número, un símbolo.',
    differ: 'Las contraseñas que ha escrito no coinciden.',
    banned:
      'Lamentablemente, no puede usar esa contraseña porque contiene palabras o caracteres que el administrador ha bloqueado. Inténtelo de nuevo con otra contraseña.',
  },
  mail: {
    subject: (organization) =>
      `Código de verificación por correo electrónico de su cuenta de ${organization}`,
    lines: (upn, code) => [
      'Verifique su dirección de correo electrónico',
      `Gracias por verificar su cuenta ${upn}.`,
      `Su código es: ${code}`,
      'Atentamente,',
    ],
  },
  text: (organization, code) =>
    `Use el código de verificación ${code} para restablecer la contraseña de ${organization}`,
};
