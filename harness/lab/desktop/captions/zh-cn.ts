import type { DesktopCaptions } from './captions.ts';

export const ZH_CN: DesktopCaptions = {
  starting: '正在启动 Windows',
  restarting: '正在重新启动...',
  shuttingDown: '正在关机...',
  logon: {
    edition: { win7: 'Windows 7 专业版', win8: 'Windows 8 专业版', win81: 'Windows 8.1 专业版' },
    password: '密码',
    submit: '提交',
    capsLock: '大写锁定已打开',
    link: '忘记了密码?',
    switchUser: '切换用户',
    back: '返回',
    ok: '确定',
    message: {
      refused: '用户名或密码不正确。',
      unavailable: '当前没有可用的登录服务器来处理登录请求。',
    },
    welcome: '欢迎',
    easeOfAccess: '轻松访问',
    powerOptions: '关机选项',
    restart: '重新启动',
    shutDown: '关机',
  },
  dialog: {
    title: '重置密码',
    wait: '请稍候...',
    failed: '出现错误。请稍后重试。',
    close: '关闭',
  },
  desktop: {
    recycleBin: '回收站',
    computer: '计算机',
    start: '开始',
    apps: {
      mail: '邮件',
      calendar: '日历',
      store: '应用商店',
      desktop: '桌面',
      photos: '照片',
      weather: '天气',
      maps: '地图',
      camera: '相机',
      help: '帮助和提示',
    },
  },
};
