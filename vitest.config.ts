import { join } from 'node:path'
import { playwright } from '@vitest/browser-playwright'
import {
  configDefaults,
  type TestProjectInlineConfiguration,
  type ViteUserConfig,
} from 'vitest/config'
import { dashboardPlugin } from './scripts/dashboard.mjs'
import { adviceFor, findTool } from './scripts/tools.mjs'
import { compileDecorators } from './test/decorators/compile.ts'

const jsonReport = process.env['VITEST_JSON']

/** Examples import the package by its name, as its users do. */
const alias = [
  { find: /^short-circuit$/, replacement: join(import.meta.dirname, 'src/index.ts') },
  { find: /^short-circuit\/([\w/-]+)$/, replacement: join(import.meta.dirname, 'src/$1/index.ts') },
]

/** Real servers, processes and timers on a busy machine: the report tells what ran twice. */
const retry = process.env['CI'] ? 1 : 0

const config: ViteUserConfig = {
  test: {
    reporters: jsonReport ? ['default', ['json', { outputFile: jsonReport }]] : ['default'],
    coverage: {
      provider: 'v8',
      include: ['src/**/*.ts'],
      exclude: ['src/**/*.test.ts', 'src/**/*.test-d.ts'],
      reporter: [['text', { skipFull: true }], 'html'],
      thresholds: { 'src/core/**': { branches: 100 } },
    },
    projects: [
      {
        plugins: [compileDecorators()],
        resolve: { alias },
        test: {
          name: 'unit',
          retry,
          // Searches and child processes take long on a busy machine; nothing here measures time.
          testTimeout: 60_000,
          hookTimeout: 60_000,
          include: ['src/**/*.test.ts', 'test/**/*.test.ts'],
          exclude: [
            ...configDefaults.exclude,
            'test/adapters/**',
            'test/browser/**',
            'test/cli/*/**',
            'test/clients/*/**',
            'test/dashboard/browser/**',
            'test/fleet/*/**',
            'test/package/*/**',
            'test/monitoring/**',
            'test/site/**',
          ],
        },
      },
      {
        resolve: { alias },
        test: {
          // Real packages and real servers.
          name: 'clients',
          testTimeout: 60_000,
          hookTimeout: 60_000,
          retry,
          include: [
            'test/adapters/**/*.test.ts',
            'test/clients/*/**/*.test.ts',
            'examples/*.test.ts',
          ],
        },
      },
      {
        resolve: {
          alias: [
            {
              find: /^@nestjs\//,
              replacement: join(
                import.meta.dirname,
                'test/clients/nestjs-11/node_modules/@nestjs/',
              ),
            },
          ],
        },
        test: {
          // The tests of `short-circuit/nestjs` again, with the oldest NestJS that it supports.
          name: 'clients-nestjs-11',
          env: { NESTJS: '11' },
          testTimeout: 60_000,
          include: ['test/adapters/nestjs.test.ts'],
        },
      },
      {
        resolve: {
          alias: [
            ...alias,
            {
              find: /^axios$/,
              replacement: join(
                import.meta.dirname,
                'test/clients/matrix/node_modules/axios-1.7/index.js',
              ),
            },
          ],
        },
        test: {
          // The contract of `guardAxios` again, with the oldest axios that it supports.
          name: 'clients-axios-1.7',
          testTimeout: 60_000,
          retry,
          include: ['test/adapters/axios.test.ts'],
        },
      },
      {
        resolve: {
          alias: [
            ...alias,
            ...[
              { find: /^express$/, file: 'express-4/index.js' },
              { find: /^fastify$/, file: 'fastify-5.0/fastify.js' },
              { find: /^hono$/, file: 'hono-4.8/dist/index.js' },
              { find: /^hono\/http-exception$/, file: 'hono-4.8/dist/http-exception.js' },
            ].map(({ find, file }) => ({
              find,
              replacement: join(import.meta.dirname, 'test/clients/matrix/node_modules', file),
            })),
          ],
        },
        test: {
          // The tests of servers again, with the oldest frameworks that are supported.
          name: 'clients-oldest-servers',
          env: { EXPRESS: '4' },
          testTimeout: 60_000,
          retry,
          include: ['test/adapters/servers.test.ts'],
        },
      },
      {
        resolve: { alias },
        test: {
          // One breaker for many processes, with a real Redis.
          name: 'fleet',
          retry,
          testTimeout: 60_000,
          hookTimeout: 60_000,
          expect: { poll: { timeout: 15_000 } },
          include: ['test/fleet/*/**/*.test.ts'],
          exclude: [...configDefaults.exclude, 'test/fleet/demo/**'],
        },
      },
      {
        test: {
          // Its processes need the machine for themselves, so it runs after all others.
          name: 'fleet-demo',
          retry,
          sequence: { groupOrder: 1 },
          include: ['test/fleet/demo/*.test.ts'],
        },
      },
      {
        plugins: [dashboardPlugin()],
        resolve: { alias },
        test: {
          // The page of the admin, in a browser, with a real process behind it.
          name: 'dashboard',
          // It would keep a page that was built before its source changed.
          fsModuleCache: false,
          retry,
          testTimeout: 120_000,
          hookTimeout: 60_000,
          expect: { poll: { timeout: 15_000 } },
          include: ['test/dashboard/browser/*.test.ts'],
        },
      },
      {
        resolve: { alias },
        test: {
          // The command at a real terminal, and what shells complete.
          name: 'command',
          retry,
          testTimeout: 120_000,
          hookTimeout: 60_000,
          expect: { poll: { timeout: 30_000 } },
          include: ['test/cli/*/**/*.test.ts'],
        },
      },
      {
        test: {
          // The built site, in a browser.
          name: 'site',
          retry,
          testTimeout: 60_000,
          hookTimeout: 60_000,
          expect: { poll: { timeout: 30_000 } },
          include: ['test/site/*.test.ts'],
        },
      },
      {
        test: {
          // Prometheus itself.
          name: 'monitoring',
          testTimeout: 120_000,
          hookTimeout: 60_000,
          include: ['test/monitoring/*.test.ts'],
          exclude: ['test/monitoring/opentelemetry.test.ts'],
        },
      },
      ...[2, 3].map((line) => openTelemetry(line)),
      {
        test: {
          name: 'types',
          include: [],
          typecheck: {
            enabled: true,
            only: true,
            include: ['src/**/*.test-d.ts', 'test/**/*.test-d.ts'],
            // `npm run check` looks at the sources; here only the type tests speak.
            ignoreSourceErrors: true,
          },
        },
      },
      {
        resolve: { alias },
        test: {
          name: 'browser',
          globalSetup: ['test/adapters/control-setup.ts'],
          include: ['test/browser/**/*.test.ts'],
          browser: {
            enabled: true,
            headless: true,
            screenshotFailures: false,
            instances: [{ browser: 'chromium' }],
            provider: playwright({
              launchOptions: { executablePath: chromium(), args: chromiumFlags() },
            }),
          },
        },
      },
    ],
  },
}
export default config

/** The same tests with the packages of one line of the SDK, which has an API of its own. */
function openTelemetry(line: number): TestProjectInlineConfiguration {
  const packages = join(import.meta.dirname, `test/monitoring/opentelemetry-${line}/node_modules`)
  return {
    resolve: {
      alias: [{ find: /^@opentelemetry\//, replacement: `${packages}/@opentelemetry/` }],
    },
    test: {
      name: `monitoring-opentelemetry-${line}`,
      testTimeout: 60_000,
      include: ['test/monitoring/opentelemetry.test.ts'],
    },
  }
}

function chromium(): string {
  const path = findTool('chromium')
  if (path !== undefined) return path
  console.error(
    `${adviceFor('chromium')}\nTo run the rest: npx vitest run --project unit --project types`,
  )
  return 'chromium-is-not-installed'
}

function chromiumFlags(): string[] {
  return [
    '--no-sandbox',
    '--disable-gpu',
    '--disable-quic',
    '--no-first-run',
    '--disable-background-networking',
    '--disable-component-update',
    '--disable-sync',
  ]
}
