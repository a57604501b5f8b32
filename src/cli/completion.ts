import { COMMON, FLAGS } from './arguments.ts'
import { EXIT, usage } from './cli-error.ts'
import type { Command } from './command.ts'
import { visible } from './display.ts'

/** How long a shell may wait for the names of breakers, ms. */
const PATIENCE = 1_000

/** The command that prints what a shell completes by. Names of breakers come from the server. */
export function completion(commands: () => readonly Command[]): Command {
  return {
    name: 'completion',
    args: 'bash|zsh|fish|powershell',
    help: 'what your shell completes by',
    flags: [],
    least: 1,
    most: 1,
    run: async ({ args, client, print }) => {
      const shell = args[0] as string
      if (shell === 'names') {
        const { rows } = await client.list({ limit: '500' }, AbortSignal.timeout(PATIENCE))
        for (const { name } of rows) print(visible(name))
        return EXIT.done
      }
      const script = SCRIPTS.get(shell)
      if (script === undefined)
        throw usage(`completion knows bash, zsh, fish and powershell; got ${shell}.`)
      print(script(commands()))
      return EXIT.done
    },
  }
}

const NAMES = 'short-circuit completion names 2>/dev/null'

function flagsOf({ flags }: Command): string {
  return [...flags, ...COMMON].map((flag) => `--${flag}`).join(' ')
}

const SCRIPTS: ReadonlyMap<string, (commands: readonly Command[]) => string> = new Map([
  ['bash', bash],
  ['zsh', (commands) => `autoload -U +X bashcompinit && bashcompinit\n${bash(commands)}`],
  ['fish', fish],
  ['powershell', powershell],
])

function bash(commands: readonly Command[]): string {
  const cases = commands.map((command) => `    ${command.name}) flags='${flagsOf(command)}' ;;`)
  return `_short_circuit() {
  local word=\${COMP_WORDS[COMP_CWORD]} flags='' IFS=$' \\t\\n'
  if [ "$COMP_CWORD" -eq 1 ]; then
    COMPREPLY=($(compgen -W '${commands.map(({ name }) => name).join(' ')} help' -- "$word"))
    return
  fi
  case \${COMP_WORDS[1]} in
${cases.join('\n')}
  esac
  if [[ $word == -* ]]; then
    COMPREPLY=($(compgen -W "$flags" -- "$word"))
  else
    # Not by compgen, which would run what a name has in \`$(…)\`.
    local name
    while IFS= read -r name; do
      [[ $name == "$word"* ]] && COMPREPLY+=("$(printf %q "$name")")
    done < <(${NAMES})
  fi
}
complete -F _short_circuit short-circuit`
}

function fish(commands: readonly Command[]): string {
  const lines = commands.flatMap((command) => [
    `complete -c short-circuit -f -n __fish_use_subcommand -a ${command.name} -d '${command.help}'`,
    ...[...command.flags, ...COMMON].map(
      (flag) =>
        `complete -c short-circuit -f -n '__fish_seen_subcommand_from ${command.name}' -l ${flag} -d '${FLAGS[flag].help}'`,
    ),
  ])
  const named = commands.filter(({ args }) => args.includes('NAME')).map(({ name }) => name)
  lines.push(
    `complete -c short-circuit -f -n '__fish_seen_subcommand_from ${named.join(' ')}' -a "(${NAMES})"`,
  )
  return lines.join('\n')
}

function powershell(commands: readonly Command[]): string {
  const flags = commands.map((command) => {
    const quoted = flagsOf(command)
      .split(' ')
      .map((flag) => `'${flag}'`)
    return `    '${command.name}' = ${quoted.join(', ')}`
  })
  return `Register-ArgumentCompleter -Native -CommandName short-circuit -ScriptBlock {
  param($word, $ast, $position)
  $flags = @{
${flags.join('\n')}
  }
  $words = @($ast.CommandElements | ForEach-Object { $_.Extent.Text })
  $before = if ($word -eq '') { $words.Count } else { $words.Count - 1 }
  $found = if ($before -le 1) { @($flags.Keys) + 'help' }
    elseif ($word.StartsWith('-')) { $flags[$words[1]] }
    else { ${NAMES.replace('/dev/null', '$null')} }
  $found | Where-Object { $_ -and $_.StartsWith($word) } | Sort-Object | ForEach-Object {
    $text = if ($_ -match '^[\\w.:-]+$') { $_ } else { "'" + $_.Replace("'", "''") + "'" }
    [System.Management.Automation.CompletionResult]::new($text, $_, 'ParameterValue', $_)
  }
}`
}
