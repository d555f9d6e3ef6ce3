import type { PortalCaptions } from './captions.ts';

const NOT_ENABLED = '你的帐户未针对密码重置进行启用。';

export const ZH_CN: PortalCaptions = {
  backIntoAccount: '取回帐户',
  newPassword: '创建新密码',
  userId: {
    who: '你是谁?',
    begin: '若要恢复帐户，请首先输入用户 ID。',
    label: '用户 ID:',
    example: '示例: user@contoso.onmicrosoft.com 或 user@contoso.com',
    captchaPicture: '带有字符的图片',
    captchaLabel: '输入图片中的字符:',
  },
  methods: {
    choose: '请选择验证时应使用的联系方法:',
    names: {
      email: '向备用电子邮件发送电子邮件',
      mobilePhone: '向移动电话发送短信',
      securityQuestion: '回答安全性问题',
    },
    buttons: { email: '电子邮件', mobilePhone: '发送短信' },
    email: (address) => `你将在备用地址 (${address}) 收到一封包含验证码的邮件。`,
    mobilePhone: (number) =>
      `为了保护帐户，请在下面输入完整的移动电话号码 (${number})。随后你将收到一条短信，其中包含可用于重置密码的验证码。`,
    phonePlaceholder: '输入电话号码',
  },
  code: {
    sent: {
      email: '我们已将包含验证码的电子邮件发送到你的收件箱。',
      mobilePhone: '我们已将包含验证码的短信发送到你的手机。',
    },
    label: '输入验证码:',
    trouble: '遇到问题?',
    resend: '发送新代码',
    otherMethod: '选择其他方法',
  },
  password: {
    enter: '输入新密码:',
    confirm: '确认新密码:',
    rules: '需要强密码: 8 到 256 个字符，并包含以下三项: 小写字母、大写字母、数字、符号。',
  },
  steps: { verification: (number) => `验证步骤 ${number}`, password: '选择新密码' },
  done: { title: '你的密码已重置', text: '现在可以使用新密码登录。' },
  closed: { finished: '操作已结束。', cancelled: '密码重置已取消。', closeWindow: '可以关闭此窗口。' },
  expired: { title: '你的会话已过期。', text: '请重新开始。', again: '重新开始' },
  next: '下一步',
  cancel: '取消',
  close: '关闭',
  finish: '完成',
  errorCode: '错误代码:',
  supportCode: '支持代码:',
  refused: {
    unknown: {
      title: '我们无法验证你的帐户。',
      text: '如果需要，我们可以联系组织中的管理员为你重置密码。',
    },
    tenantOff: { title: NOT_ENABLED, text: '请联系你的管理员。你的组织已禁用密码重置。' },
    writebackOff: {
      title: NOT_ENABLED,
      text: '请联系你的管理员。你的密码在本地管理，但尚未启用所需的服务。',
    },
    notEnabled: { title: NOT_ENABLED, text: '请联系你的管理员。管理员尚未为你启用密码重置。' },
    notLicensed: { title: NOT_ENABLED, text: '请联系你的管理员。你的组织缺少所需的许可证。' },
    notMember: { title: NOT_ENABLED, text: '请联系你的管理员。你不是可重置密码的组的成员。' },
    insufficientMethods: {
      title: '需要提供额外的安全信息才能重置密码。',
      text: '请联系你的管理员。你尚未注册所需的安全信息。',
    },
    onPremisesError: { title: '我们无法重置你的密码。', text: '请联系你的管理员。你的本地配置存在问题。' },
    onPremisesUnreachable: {
      title: '我们无法重置你的密码。',
      text: '请联系你的管理员。无法连接到本地密码重置服务。',
    },
    blocked: {
      title: '你尝试的次数过多。',
      text: '出于安全原因，你已被阻止 24 小时。请明天再试，或联系管理员。',
    },
  },
  problems: {
    noUserId: '请输入用户 ID。',
    captcha: '输入的字符与图片不符。请重试。',
    phone: '输入的电话号码与我们记录的号码不符。请重试。',
    answers: '你输入的答案不正确。请重试。',
    code: '你输入的验证码不正确。请重试。',
    tooShort: '密码必须至少包含 8 个字符。',
    tooLong: '密码不能超过 256 个字符。',
    unicode: '密码不能包含 Unicode 字符。',
    classes: '密码必须包含以下三项: 小写字母、大写字母、数字、符号。',
    differ: '两次输入的密码不一致。',
    banned: '很遗憾，你不能使用该密码，因为它包含已被管理员阻止的字词或字符。请使用其他密码重试。',
  },
  mail: {
    subject: (organization) => `你的 ${organization} 帐户电子邮件验证码`,
    lines: (upn, code) => ['验证你的电子邮件地址', `感谢你验证 ${upn} 帐户!`, `你的代码是: ${code}`, '此致'],
  },
  text: (organization, code) => `使用验证码 ${code} 重置 ${organization} 密码`,
};
