import appsync from '@aws-appsync/eslint-plugin';
import { defineConfig } from 'eslint/config';
import tseslint from 'typescript-eslint';

const RESOLVERS = ['resolvers/*.ts', 'resolvers/lib/*.ts', 'resolvers/Query.tasks/*.ts'];

/** Names that exist in Node and browsers, but not in APPSYNC_JS: the plugin misses them. */
const NOT_IN_APPSYNC_JS = [
  'Date',
  'Map',
  'Set',
  'RegExp',
  'Promise',
  'fetch',
  'process',
  'Buffer',
  'crypto',
  'setTimeout',
];

export default defineConfig(
  { ignores: ['**/node_modules', '**/dist', 'cdk.out', '**/*.generated.ts', 'coverage'] },
  {
    files: ['**/*.ts'],
    extends: [tseslint.configs.recommended],
    rules: {
      '@typescript-eslint/no-explicit-any': 'error',
      '@typescript-eslint/no-non-null-assertion': 'error',
      '@typescript-eslint/consistent-type-imports': ['error', { fixStyle: 'inline-type-imports' }],
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
      eqeqeq: 'error',
    },
  },
  {
    // Whatever runs for long: a promise that nobody awaits is a lost error.
    files: [
      'worker/**/*.ts',
      'ledger/**/*.ts',
      'local/**/*.ts',
      'client-sdk/src/**/*.ts',
      'resolvers/task_handler/**/*.ts',
    ],
    ignores: ['**/*.generated.ts'],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/no-misused-promises': 'error',
    },
  },
  {
    files: RESOLVERS,
    ignores: ['**/*.test.ts'],
    extends: [appsync.configs.recommended],
    languageOptions: {
      parserOptions: { project: './resolvers/tsconfig.json', tsconfigRootDir: import.meta.dirname },
    },
    rules: {
      'no-restricted-globals': ['error', ...NOT_IN_APPSYNC_JS],
      'no-restricted-syntax': ['error', 'ThrowStatement', 'NewExpression'],
      'no-restricted-imports': [
        'error',
        {
          patterns: [
            { regex: '^(?!@aws-appsync/utils$|\\.)', message: 'APPSYNC_JS has @aws-appsync/utils only.' },
          ],
        },
      ],
    },
  },
  {
    files: ['**/config.ts', '**/main.ts', '**/lambda.ts', '**/app.ts', '**/*.test.ts', 'test/**', 'bench/**'],
    rules: { 'no-restricted-properties': 'off' },
  },
);
