/** Where an export is written to while it arrives. */
export interface ExportFile {
  readonly name: string;
  readonly writable: WritableStream<Uint8Array<ArrayBuffer>>;
  /** Hands the whole file to the reader, if the browser has not written it where it belongs. */
  finish(): Promise<void>;
  /** Removes what is not whole. */
  discard(): Promise<void>;
}

interface SavePicker {
  showSaveFilePicker?(options: { suggestedName: string }): Promise<FileSystemFileHandle>;
}

const FOLDER = 'exports';
/** A browser copies a download of any size within this time; a file that is older was given up. */
const KEPT_MS = 60 * 60_000;

/**
 * The file that the reader chooses, where the browser can write into it; else one of the browser's own on disk, which becomes a download
 * when it is whole; else memory. Undefined: the reader chose none.
 */
export async function openExportFile(name: string): Promise<ExportFile | undefined> {
  const { showSaveFilePicker } = window as SavePicker;
  if (showSaveFilePicker === undefined) return (await privateFile(name).catch(() => undefined)) ?? memoryFile(name);
  try {
    return await chosenFile(await showSaveFilePicker.call(window, { suggestedName: name }));
  } catch (error) {
    if (error instanceof DOMException && error.name === 'AbortError') return undefined;
    throw error;
  }
}

/** What is written appears in the file when it is closed, so one that was given up leaves nothing there. */
async function chosenFile(handle: FileSystemFileHandle): Promise<ExportFile> {
  const writable = await handle.createWritable();
  return {
    name: handle.name,
    writable,
    finish: async () => undefined,
    discard: async () => undefined,
  };
}

async function privateFile(name: string): Promise<ExportFile> {
  const root = await navigator.storage.getDirectory();
  const folder = await root.getDirectoryHandle(FOLDER, { create: true });
  await removeOld(folder);
  const own = `${Date.now()}-${name}`;
  const handle = await folder.getFileHandle(own, { create: true });
  return {
    name,
    writable: await handle.createWritable(),
    finish: async () => download(await handle.getFile(), name),
    discard: () => folder.removeEntry(own).catch(() => undefined),
  };
}

/** A download goes on after it was begun, and nothing tells when it is over: its file is removed by a later export. */
async function removeOld(folder: FileSystemDirectoryHandle): Promise<void> {
  for await (const name of folder.keys()) {
    if (Date.now() - Number.parseInt(name, 10) > KEPT_MS) await folder.removeEntry(name).catch(() => undefined);
  }
}

/** Removes what exports of this browser left on disk. */
export async function removeOldExports(): Promise<void> {
  try {
    const root = await navigator.storage.getDirectory();
    await removeOld(await root.getDirectoryHandle(FOLDER));
  } catch {
    // There is none, or this browser has no such folder.
  }
}

function memoryFile(name: string): ExportFile {
  let pieces: Uint8Array<ArrayBuffer>[] = [];
  return {
    name,
    writable: new WritableStream({ write: (piece) => void pieces.push(piece) }),
    async finish() {
      download(new Blob(pieces), name);
      pieces = [];
    },
    async discard() {
      pieces = [];
    },
  };
}

function download(content: Blob, name: string): void {
  const address = URL.createObjectURL(content);
  const link = document.createElement('a');
  link.href = address;
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(address), KEPT_MS);
}
