import { type Command, UsageError } from './command.ts';
import { bashCompletion, type CompletedCommand, fishCompletion, zshCompletion } from './completion-scripts.ts';

const SCRIPTS = { bash: bashCompletion, zsh: zshCompletion, fish: fishCompletion };

/** Its script is made of the same table as the help. It runs nothing while somebody types. */
export function completionOf(commands: () => Readonly<Record<string, Command>>): Command {
  return {
    summary: 'Prints what has a shell complete commands and options.',
    usage: '<shell>',
    help: `
  shell  bash, zsh or fish

  bash: purser completion bash > ~/.local/share/bash-completion/completions/purser
  zsh:  purser completion zsh > ~/.zfunc/_purser, with fpath+=(~/.zfunc) before compinit in ~/.zshrc
  fish: purser completion fish > ~/.config/fish/completions/purser.fish
`,
    argument: 'shell',
    options: {},
    async run({ shell }, _env, { stdout }) {
      const wanted = String(shell);
      if (!Object.hasOwn(SCRIPTS, wanted))
        throw new UsageError(`The shell must be one of ${Object.keys(SCRIPTS).join(', ')}.`);
      const script = SCRIPTS[wanted as keyof typeof SCRIPTS];
      stdout.write(script(Object.entries(commands()).map(completed)));
      return 0;
    },
  };
}

function completed([name, { summary, options }]: readonly [string, Command]): CompletedCommand {
  return {
    words: name.split(' '),
    summary,
    options: Object.entries(options).map(([option, { type, summary: meaning = '', choices = [] }]) => ({
      name: `--${option}`,
      summary: meaning,
      takesValue: type === 'string',
      choices,
    })),
  };
}
