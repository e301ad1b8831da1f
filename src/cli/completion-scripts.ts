export interface CompletedOption {
  /** With its dashes. */
  readonly name: string;
  readonly summary: string;
  readonly takesValue: boolean;
  readonly choices: readonly string[];
}

export interface CompletedCommand {
  /** One or two. */
  readonly words: readonly string[];
  readonly summary: string;
  readonly options: readonly CompletedOption[];
}

type Commands = readonly CompletedCommand[];

/** A first word, and the second words that can follow it. */
interface Group {
  readonly word: string;
  readonly summary: string;
  readonly members: Commands;
}

export function bashCompletion(commands: Commands): string {
  const groups = groupsOf(commands);
  return `_purser() {
  local word=\${COMP_WORDS[COMP_CWORD]} command=\${COMP_WORDS[1]} words=''
  if [ "$COMP_CWORD" -eq 1 ]; then
    words=${quoted(groups.map(({ word }) => word).join(' '))}
  else
    case "$command" in
${groups
  .filter(isOfTwoWords)
  .map(
    ({ word, members }) =>
      `      ${word}) command="$command \${COMP_WORDS[2]}"; [ "$COMP_CWORD" -gt 2 ] || words=${quoted(members.map(lastWord).join(' '))} ;;\n`,
  )
  .join('')}    esac
    if [ -z "$words" ]; then
      case "$command \${COMP_WORDS[COMP_CWORD-1]}" in
${withChoices(commands)
  .map(
    ([command, { name, choices }]) =>
      `        ${quoted(`${command} ${name}`)}) words=${quoted(choices.join(' '))} ;;\n`,
  )
  .join('')}        *) case "$word:$command" in
${commands.map(({ words, options }) => `          -*:${quoted(words.join(' '))}) words=${quoted(options.map(({ name }) => name).join(' '))} ;;\n`).join('')}        esac ;;
      esac
    fi
  fi
  COMPREPLY=($(compgen -W "$words" -- "$word"))
}
complete -o default -F _purser purser
`;
}

export function zshCompletion(commands: Commands): string {
  const groups = groupsOf(commands);
  const entries = (all: readonly (readonly [name: string, summary: string])[]) =>
    `entries=(${all.map(([name, summary]) => quoted(`${name.replaceAll(':', '\\:')}:${summary}`)).join(' ')})`;
  return `#compdef purser
_purser() {
  local -a entries
  local command=$words[2]
  if (( CURRENT == 2 )); then
    ${entries(groups.map(({ word, summary }) => [word, summary]))}
    _describe command entries
    return
  fi
  case $command in
${groups
  .filter(isOfTwoWords)
  .map(
    ({ word, members }) => `    ${word})
      if (( CURRENT == 3 )); then
        ${entries(members.map((member) => [lastWord(member), member.summary]))}
        _describe command entries
        return
      fi
      command="$command $words[3]" ;;
`,
  )
  .join('')}  esac
  case "$command $words[CURRENT-1]" in
${withChoices(commands)
  .map(
    ([command, { name, choices }]) =>
      `    ${quoted(`${command} ${name}`)}) entries=(${choices.map(quoted).join(' ')}); _describe value entries; return ;;\n`,
  )
  .join('')}  esac
  if [[ $words[CURRENT] == -* ]]; then
    case $command in
${commands.map(({ words, options }) => `      ${quoted(words.join(' '))}) ${entries(options.map(({ name, summary }) => [name, summary]))} ;;\n`).join('')}    esac
    _describe option entries
  else
    _files
  fi
}
# Read as a file of fpath, it is the function itself.
if [[ $funcstack[1] = _purser ]]; then _purser "$@"; else compdef _purser purser; fi
`;
}

export function fishCompletion(commands: Commands): string {
  const groups = groupsOf(commands);
  const line = (condition: string, rest: string) => `complete -c purser -n ${fishQuoted(condition)} ${rest}\n`;
  const word = (name: string, summary: string) => `-f -a ${fishQuoted(name)} -d ${fishQuoted(summary)}`;
  return `function __purser_after
  set -l words (commandline -opc)
  test "$words[2..]" = "$argv"
end
function __purser_within
  set -l words (commandline -opc)
  set -l count (count $argv)
  test (count $words) -gt $count; and test "$words[2..$(math 1 + $count)]" = "$argv"
end
${groups.map(({ word: first, summary }) => line('__purser_after', word(first, summary))).join('')}${groups
  .filter(isOfTwoWords)
  .flatMap(({ word: first, members }) =>
    members.map((member) => line(`__purser_after ${first}`, word(lastWord(member), member.summary))),
  )
  .join('')}${commands
  .flatMap(({ words, options }) =>
    options.map(({ name, summary, takesValue, choices }) => {
      const value = choices.length > 0 ? ` -x -a ${fishQuoted(choices.join(' '))}` : takesValue ? ' -r' : '';
      return line(`__purser_within ${words.join(' ')}`, `-l ${name.slice(2)} -d ${fishQuoted(summary)}${value}`);
    }),
  )
  .join('')}`;
}

function groupsOf(commands: Commands): readonly Group[] {
  const first = [...new Set(commands.map(({ words }) => words[0] ?? ''))];
  return first.map((word) => {
    const members = commands.filter(({ words }) => words[0] === word);
    const summary = members.length === 1 ? (members[0]?.summary ?? '') : members.map(lastWord).join(', ');
    return { word, members, summary };
  });
}

function isOfTwoWords({ members }: Group): boolean {
  return members.some(({ words }) => words.length > 1);
}

function lastWord({ words }: CompletedCommand): string {
  return words.at(-1) ?? '';
}

function withChoices(commands: Commands): readonly (readonly [command: string, CompletedOption])[] {
  return commands.flatMap(({ words, options }) =>
    options.filter(({ choices }) => choices.length > 0).map((option) => [words.join(' '), option] as const),
  );
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}

function fishQuoted(text: string): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
}
