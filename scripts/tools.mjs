import { accessSync, constants, readdirSync } from 'node:fs'
import { delimiter, join } from 'node:path'

const tools = {
  chromium: {
    variable: 'CHROMIUM',
    names: ['chromium', 'chromium-browser', 'google-chrome-stable', 'google-chrome', 'chrome'],
    folders: () => ['/Applications/Google Chrome.app/Contents/MacOS', '/snap/bin'],
    needs: 'the tests that run in a browser',
  },
  'redis-server': {
    variable: 'REDIS_SERVER',
    names: ['redis-server', 'valkey-server'],
    folders: () => ['/opt/homebrew/bin', '/usr/local/bin'],
    needs: 'the tests and the demo that talk to a real Redis',
  },
  postgresql: {
    variable: 'POSTGRES',
    names: ['postgres'],
    folders: () => versions('/usr/lib/postgresql').map((version) => join(version, 'bin')),
    needs: 'the tests that talk to a real PostgreSQL',
  },
  'mariadb-server': {
    variable: 'MARIADB_SERVER',
    names: ['mariadbd', 'mysqld'],
    folders: () => ['/usr/sbin', '/usr/local/sbin', '/opt/homebrew/bin'],
    needs: 'the tests that talk to a real MariaDB',
  },
  kcat: {
    variable: 'KCAT',
    names: ['kcat'],
    folders: () => ['/opt/homebrew/bin', '/usr/local/bin'],
    needs: 'the tests that talk to a broker of Kafka, the one within librdkafka,',
  },
  zsh: {
    variable: 'ZSH',
    names: ['zsh'],
    folders: () => ['/usr/local/bin', '/opt/homebrew/bin'],
    needs: 'the tests of completion in zsh',
  },
  fish: {
    variable: 'FISH',
    names: ['fish'],
    folders: () => ['/usr/local/bin', '/opt/homebrew/bin'],
    needs: 'the tests of completion in fish',
  },
  prometheus: {
    variable: 'PROMETHEUS',
    names: ['prometheus'],
    folders: () => ['/usr/local/bin', '/opt/homebrew/bin'],
    needs: 'the tests of rules and dashboards, which also take promtool from beside it,',
  },
}

export const toolNames = Object.keys(tools)

/** The path of an external program the tests need, or `undefined` when this machine lacks it. */
export function findTool(name) {
  const tool = tools[name]
  const named = process.env[tool.variable]
  if (named) return runs(named) ? named : undefined
  const folders = [...(process.env.PATH ?? '').split(delimiter).filter(Boolean), ...tool.folders()]
  for (const program of tool.names) {
    for (const folder of folders) {
      const path = join(folder, program)
      if (runs(path)) return path
    }
  }
  return undefined
}

/** Says what a missing program is needed for and how to install it. */
export function adviceFor(name) {
  const { needs, variable } = tools[name]
  return `${name} is missing; ${needs} need it. Install it (Debian, Ubuntu: apt-get install ${name}) or set ${variable} to its path.`
}

function runs(path) {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}

function versions(folder) {
  try {
    return readdirSync(folder)
      .sort((a, b) => Number(b) - Number(a))
      .map((version) => join(folder, version))
  } catch {
    return []
  }
}
