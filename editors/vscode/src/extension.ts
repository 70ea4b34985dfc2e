// The VS Code client: finds the server, starts it, shows its state. Suggestions are the server's work alone.
import { ChildProcess, execFile, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, isAbsolute, join } from 'node:path';
import { promisify } from 'node:util';
import {
  commands, ConfigurationTarget, ExtensionContext, LogOutputChannel, ProcessExecution, Range, StatusBarAlignment, StatusBarItem,
  Task, tasks, TaskScope, Uri, window, workspace,
} from 'vscode';
import { CloseAction, ErrorAction, LanguageClient, State } from 'vscode-languageclient/node';

const run = promisify(execFile);
const WINDOWS = process.platform === 'win32';
const NOT_RUNNING = 'tinycode: the server is not running';
const SHOW_LOG = 'Show log';
/** Kinds of documents the server can serve; other remote file systems are left alone. */
const SCHEMES = ['file', 'untitled', 'vscode-notebook-cell'];

interface Source { share: number; uri?: string; path?: string; line?: number }
interface Explanation { summary: string; text: string; sources: Source[] }
interface Status { state: 'ready' | 'indexing' | 'off' | 'problem'; enabled: boolean; disabledLanguages: string[]; summary: string }

let context: ExtensionContext;
let client: LanguageClient | undefined;
let server: ChildProcess | undefined;
let bar: StatusBarItem;
let log: LogOutputChannel;
let command: string[] = [];
let queue: Promise<void> = Promise.resolve();
let restarts = 0;

/** The client tells of each thing that fails; here of one alone: that a server which ran is given up. */
class QuietClient extends LanguageClient {
  override error(message: string, data?: unknown, show?: boolean | 'force'): void {
    super.error(message, data, this.state === State.Running && show === 'force' ? show : false);
  }
}

export function activate(activated: ExtensionContext): void {
  context = activated;
  bar = window.createStatusBarItem('tinycode', StatusBarAlignment.Right);
  bar.name = 'tinycode';
  bar.command = 'tinycode.showStatus';
  bar.show();
  log = window.createOutputChannel('tinycode', { log: true });
  const actions: Record<string, (flags?: unknown) => unknown> = {
    'tinycode.tune': tune,
    'tinycode.explainSuggestion': explain,
    'tinycode.toggle': toggle,
    'tinycode.toggleLanguage': toggleLanguage,
    'tinycode.restart': restart,
    'tinycode.showLog': () => log.show(),
    'tinycode.showStatus': showStatus,
  };
  context.subscriptions.push(bar, log, ...Object.entries(actions).map(([name, act]) => commands.registerCommand(name, act)));
  // In a fresh window the settings may come after the activation.
  context.subscriptions.push(workspace.onDidChangeConfiguration((change) =>
    change.affectsConfiguration('tinycode.command') ? void restart() : undefined));
  void restart(); // no command works before the activation is over, and a server that hangs would put it off for ever
}

export function deactivate(): Promise<void> | undefined {
  return end(client);
}

/** A server that does not say goodbye is not waited for, and one that is stopped would not hear of a milder signal. */
async function end(old: LanguageClient | undefined): Promise<void> {
  const process = server;
  await old?.dispose().catch(() => undefined);
  process?.kill('SIGKILL');
}

/** Starts the server anew; one restart at a time, and of those that wait the last alone. */
function restart(): Promise<void> {
  const mine = restarts += 1;
  if (client?.state === State.Starting) server?.kill('SIGKILL'); // one that never answers would hold up the queue
  queue = queue.then(async () => {
    if (mine !== restarts) return;
    bar.text = '$(sync~spin) tinycode';
    bar.tooltip = 'tinycode: the server is being started';
    const old = client;
    client = undefined;
    await end(old);
    const found = await findServer();
    if (found) return start(found);
    bar.text = '$(warning) tinycode';
    bar.tooltip = NOT_RUNNING;
  }).catch((error: Error) => {
    if (mine !== restarts) return; // it was ended for the next one
    bar.text = '$(warning) tinycode';
    bar.tooltip = NOT_RUNNING;
    const text = `tinycode: the server did not start (${command.join(' ')}): ${error.message}`;
    void window.showErrorMessage(text, SHOW_LOG).then((choice) => choice && log.show());
  });
  return queue;
}

async function start(found: string[]): Promise<void> {
  command = found;
  const started: LanguageClient = client = new QuietClient('tinycode', 'tinycode', () => launch(found), {
    documentSelector: SCHEMES.map((scheme) => ({ scheme })),
    // Sent in answers alone: what the first message holds would stay in force when the user takes it out.
    middleware: { workspace: { configuration: (params) => params.items.map((item) => chosenSettings(item.scopeUri)) } },
    outputChannel: log,
    initializationFailedHandler: () => false,
    // A key that meets a server which is just dying is no reason to give it up, as the client would.
    errorHandler: {
      error: () => ({ action: ErrorAction.Continue, handled: true }),
      closed: () => started.state === State.Starting ? { action: CloseAction.DoNotRestart } : standard.closed(),
    },
  });
  const standard = started.createDefaultErrorHandler();
  client.registerFeature({
    fillClientCapabilities: (capabilities) => {
      capabilities.experimental = { ...(capabilities.experimental as object), tinycodeStatus: true };
    },
    initialize: () => undefined,
    getState: () => ({ kind: 'static' }),
    clear: () => undefined,
  });
  client.onNotification('$/tinycode/status', (status: Status) => client === started ? show(status) : undefined);
  client.onDidChangeState(({ newState }) => {
    if (newState !== State.Stopped || client !== started) return;
    bar.text = '$(warning) tinycode';
    bar.tooltip = NOT_RUNNING;
  });
  await client.start();
}

/** In a folder where no module of the user's lies. */
function launch([program, ...args]: string[]): Promise<ChildProcess> {
  const made = server = spawn(program, args, { cwd: context.extensionPath, windowsHide: true });
  return new Promise((done, failed) => made.once('error', failed).once('spawn', () => done(made)));
}

/** What the user set, for a folder or for all. Defaults are not sent: the server has them, and a .tinycode.toml may differ. */
function chosenSettings(folder?: string): Record<string, unknown> {
  const configuration = workspace.getConfiguration('tinycode', folder ? Uri.parse(folder) : undefined);
  const known = Object.keys(context.extension.packageJSON.contributes.configuration.properties as object);
  const chosen: Record<string, unknown> = {};
  for (const name of known.map((key) => key.replace('tinycode.', ''))) {
    const value = configuration.inspect(name);
    const places = [value?.globalValue, value?.workspaceValue, value?.workspaceFolderValue];
    if (name !== 'command' && places.some((place) => place !== undefined)) chosen[name] = configuration.get(name);
  }
  return chosen;
}

/** The setting, the workspace's virtual environment, PATH, ~/.local/bin, Python's module; a message when there is none. */
async function findServer(): Promise<string[] | undefined> {
  const set = workspace.getConfiguration('tinycode').get<string[]>('command') ?? [];
  const environments = (workspace.workspaceFolders ?? []).flatMap((folder) => ['.venv', 'venv'].map((name) =>
    join(folder.uri.fsPath, name, WINDOWS ? 'Scripts' : 'bin', WINDOWS ? 'tinycode-ls.exe' : 'tinycode-ls')));
  const python = WINDOWS ? 'python' : 'python3';
  const candidates = set.length > 0 ? [set] : [
    ...environments.filter((file) => existsSync(file)).map((file) => [file]),
    ['tinycode-ls'],
    [join(homedir(), '.local', 'bin', 'tinycode-ls')], // pipx, uv, pip --user; a login shell may leave it off PATH
    [python, '-m', 'tinycode_ls'],
  ];
  for (const candidate of candidates) {
    if (await runnable(candidate)) return candidate;
  }
  const tried = candidates.map((candidate) => candidate.join(' ')).join(', ');
  const remedy = 'Install it (in the clone of tinycode-ls: pipx install .), or set tinycode.command';
  const text = `tinycode: no server found (tried ${tried}). ${remedy}.`;
  void window.showErrorMessage(text, 'Open the setting').then((choice) =>
    choice && commands.executeCommand('workbench.action.openSettings', 'tinycode.command'));
  return undefined;
}

/** Whether the program is there; only Python has to be asked for our module, since each question delays the start. */
async function runnable([program, ...args]: string[]): Promise<boolean> {
  const folders = isAbsolute(program) ? [''] : (process.env.PATH ?? '').split(delimiter);
  const names = WINDOWS ? [program, `${program}.exe`] : [program]; // no .cmd: without a shell, Node runs none
  const place = folders.find((folder) => names.some((name) => existsSync(join(folder, name))));
  // Apple's own Python is too old for us, or a stand-in that asks to install it, in a window.
  if (place === undefined || (process.platform === 'darwin' && place === '/usr/bin' && args[0] === '-m')) return false;
  return args[0] !== '-m' || run(program, [...args, '--version'], { timeout: 10_000 }).then(() => true, () => false);
}

/** The trainer that was installed with the server. */
function trainer(): string[] {
  const [program = '', flag] = command;
  if (flag === '-m') return [program, '-m', 'trainer'];
  const named = /tinycode-ls(\.\w+)?$/i.test(program);
  return [named ? program.replace(/ls(\.\w+)?$/i, 'train$1') : 'tinycode-train'];
}

/** Trains on this repository (of several, the document's), in a terminal; the server takes the model. A key binding may have flags. */
async function tune(flags: unknown): Promise<void> {
  const open = inFront();
  const folder = (open && workspace.getWorkspaceFolder(open)) ?? workspace.workspaceFolders?.[0];
  const [program, ...args] = [...trainer(), 'tune', ...(Array.isArray(flags) ? flags.map(String) : [])];
  const options = { cwd: folder?.uri.fsPath, env: { PYTHONSAFEPATH: '1' } }; // no module of the folder's in place of ours
  const work = new ProcessExecution(program, args, options); // no shell, so nothing to quote
  await tasks.executeTask(new Task({ type: 'process' }, folder ?? TaskScope.Global, 'tune', 'tinycode', work));
}

/** The document that is written in, on another machine perhaps; of a notebook's cell, which is in no folder, the notebook. */
function inFront(): Uri | undefined {
  const open = window.activeTextEditor?.document.uri;
  return open && open.scheme !== 'file' ? Uri.file(open.path) : open;
}

/** Nothing when none runs, or it hangs. */
async function ask<T>(name: string, ...given: unknown[]): Promise<T | undefined> {
  const answer = client?.sendRequest<T>('workspace/executeCommand', { command: name, arguments: given }).catch(() => undefined);
  return Promise.race([answer, new Promise<undefined>((done) => setTimeout(done, 5000, undefined))]);
}

/** Why it is silent. */
function silence(): string {
  return client?.state === State.Running ? 'tinycode: the server does not answer' : NOT_RUNNING;
}

async function explain(): Promise<void> {
  const found = await ask<Explanation | null>('tinycode.explain');
  if (!found) return void window.showInformationMessage(found === null ? 'tinycode: nothing was suggested yet.' : silence());
  const places = found.sources.filter((source) => source.uri).map((source) => ({
    title: `${source.path}:${source.line}`, source,
  }));
  const choice = await window.showInformationMessage(`tinycode: ${found.summary}`, ...places);
  if (!choice?.source.uri) return;
  const line = (choice.source.line ?? 1) - 1;
  await window.showTextDocument(Uri.parse(choice.source.uri), { selection: new Range(line, 0, line, 0) }).then(undefined, () =>
    void window.showInformationMessage(`tinycode: ${choice.title} is gone.`)); // else a dialog of what the command failed at
}

/** Sets it where it is set for the document's folder, else for all that is open, else everywhere; where that is the user's own
 * setting again, all that is open has none any more. */
async function change<T>(name: string, next: (now: T) => T): Promise<T> {
  const configuration = workspace.getConfiguration('tinycode', inFront());
  const set = configuration.inspect<T>(name);
  const own = set?.workspaceFolderValue !== undefined;
  const wide = workspace.workspaceFolders ? ConfigurationTarget.Workspace : ConfigurationTarget.Global;
  const value = next(configuration.get(name) as T);
  const again = !own && workspace.workspaceFolders && JSON.stringify(value) === JSON.stringify(set?.globalValue);
  await configuration.update(name, again ? undefined : value, own ? ConfigurationTarget.WorkspaceFolder : wide);
  return value;
}

/** A .tinycode.toml may have switched off what the editor's settings have on: the server knows. */
async function toggle(): Promise<void> {
  const status = await ask<Status>('tinycode.status', inFront()?.toString() ?? '');
  const on = await change<boolean>('enabled', (now) => !now || status?.enabled === false);
  window.setStatusBarMessage(`tinycode: switched ${on ? 'on' : 'off'}`, 5000);
}

async function toggleLanguage(): Promise<void> {
  const language = window.activeTextEditor?.document.languageId;
  if (!language) return;
  const status = await ask<Status>('tinycode.status', inFront()?.toString() ?? '');
  const off = await change<string[]>('disabledLanguages', (set) => {
    const names = status?.disabledLanguages ?? set; // as above
    return names.includes(language) ? names.filter((name) => name !== language) : [...names, language];
  });
  window.setStatusBarMessage(`tinycode: ${off.includes(language) ? 'off' : 'on'} for ${language}`, 5000);
}

/** The status bar changes only when the server's state does. */
function show(status: Status): void {
  const looks = { ready: 'tinycode', indexing: '$(sync~spin) tinycode', off: '$(circle-slash) tinycode', problem: '$(warning) tinycode' };
  bar.text = looks[status.state];
  bar.tooltip = `tinycode: ${status.summary}`;
}

async function showStatus(): Promise<void> {
  const status = await ask<Status>('tinycode.status', window.activeTextEditor?.document.uri.toString() ?? '');
  const [again, tuning] = ['Restart', 'Tune on this repository'];
  const text = status ? `tinycode: ${status.summary.replace(/\n/g, '; ')}` : silence();
  const choice = await window.showInformationMessage(text, SHOW_LOG, again, tuning);
  if (choice === SHOW_LOG) log.show();
  if (choice === again) void restart();
  if (choice === tuning) await tune([]);
}
