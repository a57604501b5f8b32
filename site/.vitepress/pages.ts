// Which files of the repository are pages of the site, where, and in which order.
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

export const root: string = join(import.meta.dirname, '../..')

interface Group {
  readonly text: string
  /** The title of each page, by its file. */
  readonly pages: Readonly<Record<string, string>>
}

const GROUPS: readonly Group[] = [
  {
    text: 'Begin',
    pages: {
      'README.md': 'Guide',
      'site/playground.md': 'Playground',
      'docs/recipes.md': 'Recipes',
      'docs/questions.md': 'Questions',
    },
  },
  {
    text: 'Guard',
    pages: {
      'docs/http.md': 'fetch, axios, undici',
      'docs/grpc.md': 'gRPC and Connect',
      'docs/clients.md': 'Whole clients, many breakers',
      'docs/servers.md': 'Answers of a server',
      'docs/consumers.md': 'Queues',
      'docs/composition.md': 'Retries and timeouts',
      'docs/outcomes.md': 'What counts as a failure',
      'docs/policy.md': 'When to open',
    },
  },
  {
    text: 'Run',
    pages: {
      'docs/operate.md': 'See and move them',
      'docs/observability.md': 'Metrics, logs, alerts',
      'docs/fleet.md': 'Fleet',
    },
  },
  {
    text: 'Move here',
    pages: {
      'docs/from-opossum.md': 'From opossum',
      'docs/from-cockatiel.md': 'From cockatiel',
      'docs/from-others.md': 'From others',
    },
  },
  {
    text: 'Proof',
    pages: {
      'docs/reliability.md': 'What is promised',
      'docs/conformance.md': 'Conformance',
      'docs/performance.md': 'Performance',
    },
  },
  {
    text: 'Project',
    pages: {
      'CHANGELOG.md': 'Changes',
      'docs/architecture.md': 'Architecture',
      'CONTRIBUTING.md': 'Contributing',
      'CODE_OF_CONDUCT.md': 'Code of conduct',
      'SECURITY.md': 'Security',
    },
  },
]

/** Where a file is on the site, without `.md`. */
function addressOf(file: string): string {
  if (file === 'README.md') return 'index'
  if (file === 'CODE_OF_CONDUCT.md') return 'code-of-conduct'
  return file
    .replace(/^(?:docs|site)\//, '')
    .replace(/\.md$/, '')
    .toLowerCase()
}

/** As above, without what does not exist; pages that no group names are at the end. */
export const groups: readonly Group[] = (() => {
  const named = new Set(GROUPS.flatMap(({ pages }) => Object.keys(pages)))
  const others = readdirSync(join(root, 'docs'))
    .filter((file) => file.endsWith('.md'))
    .map((file) => `docs/${file}`)
    .filter((file) => !named.has(file))
  const more = { text: 'More', pages: Object.fromEntries(others.map((it) => [it, titleOf(it)])) }
  return [...GROUPS, more]
    .map(({ text, pages }) => ({
      text,
      pages: Object.fromEntries(
        Object.entries(pages).filter(([file]) => existsSync(join(root, file))),
      ),
    }))
    .filter(({ pages }) => Object.keys(pages).length > 0)
})()

function titleOf(file: string): string {
  return /^# (.*)$/m.exec(readFileSync(join(root, file), 'utf8'))?.[1] ?? file
}

/** Addresses by file. */
export const addresses: ReadonlyMap<string, string> = new Map(
  groups.flatMap(({ pages }) => Object.keys(pages).map((file) => [file, addressOf(file)] as const)),
)

/** The path of a page of the site. */
export function pathOf(file: string): string | undefined {
  const address = addresses.get(file)
  return address === undefined ? undefined : `/${address.replace(/^index$/, '')}`
}

/** Sources that pages link to, of which the site has the reference instead. */
export const references: Readonly<Record<string, string>> = {
  'src/options.ts': '/api/index/interfaces/CircuitBreakerOptions',
  'src/options/policy-options.ts': '/api/index/interfaces/CircuitBreakerOptions',
  'src/events.ts': '/api/index/interfaces/BreakerEvents',
}
