import js from '@eslint/js';
import tseslint from 'typescript-eslint';

/**
 * Which rooms a room may import, as data (see docs/architecture.md).
 * A room always may import itself. `lab` and the edges meet on the wire only.
 */
const ROOMS = {
  'harness/core': [],
  'harness/config': ['core'],
  'harness/machines': ['core', 'config'],
  'harness/powershell': ['core'],
  'harness/guest': ['core', 'config', 'powershell'],
  'harness/console': ['core', 'config', 'powershell'],
  'harness/directory': ['core', 'config'],
  'harness/accounts': ['core', 'config'],
  'harness/logon': ['core', 'config', 'guest', 'console', 'directory', 'machines'],
  'harness/lab': ['core', 'config'],
  specs: ['core', 'config', 'guest', 'console', 'directory', 'accounts', 'machines', 'logon'],
  'harness/vm': ['core', 'config', 'machines', 'console'],
  'harness/report': ['core', 'config', 'specs'],
  'harness/run': [
    'core',
    'config',
    'guest',
    'console',
    'directory',
    'accounts',
    'machines',
    'logon',
    'specs',
  ],
};
/** Everything below the command line. */
ROOMS['harness/prove'] = Object.keys(ROOMS).map((room) => room.replace('harness/', ''));
const ALL = [...Object.keys(ROOMS).map((room) => room.replace('harness/', '')), 'cli', 'bench'];

const roomRules = Object.entries(ROOMS).map(([room, allowed]) => {
  const self = room.replace('harness/', '');
  const barred = ALL.filter((other) => other !== self && !allowed.includes(other));
  return {
    files: [`${room}/**/*.{ts,tsx}`],
    rules: {
      'no-restricted-imports': [
        'error',
        {
          patterns: [
            {
              regex: `^(\\.\\./)+(harness/)?(${barred.join('|')})/`,
              message: `${room} may import only: ${allowed.join(', ') || 'nothing of ours'} (docs/architecture.md)`,
            },
          ],
        },
      ],
    },
  };
});

export default tseslint.config(
  {
    ignores: [
      'node_modules',
      '.lab',
      '.vagrant',
      'test-results',
      'harness/guest/probe/src',
      'harness/lab/desktop/pages',
    ],
  },
  js.configs.recommended,
  {
    files: ['**/*.{ts,tsx}'],
    extends: [tseslint.configs.strictTypeChecked, tseslint.configs.stylisticTypeChecked],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      '@typescript-eslint/restrict-template-expressions': [
        'error',
        { allowNumber: true, allowBoolean: true },
      ],
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
      '@typescript-eslint/no-confusing-void-expression': ['error', { ignoreArrowShorthand: true }],
      '@typescript-eslint/unbound-method': 'off',
      '@typescript-eslint/no-extraneous-class': 'off',
      '@typescript-eslint/switch-exhaustiveness-check': 'error',
    },
  },
  {
    files: ['**/*.test.ts', 'specs/**/*.spec.ts'],
    rules: {
      '@typescript-eslint/no-non-null-assertion': 'off',
      '@typescript-eslint/no-unused-expressions': 'off',
    },
  },
  {
    files: ['**/*.{js,mjs}'],
    languageOptions: {
      globals: {
        process: 'readonly',
        console: 'readonly',
        URL: 'readonly',
        Buffer: 'readonly',
        setTimeout: 'readonly',
      },
    },
  },
  ...roomRules,
);
