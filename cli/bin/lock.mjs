import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { identify, isAlive, killGroup } from './processes.mjs';

/**
 * One installer of a checkout at a time: a directory that names its owner. It outlives an owner that is killed; the
 * next one then ends what the dead one has left running (an npm that nobody waits for) before it takes the directory
 * over.
 */
export class Lock {
  constructor(directory) {
    this.directory = directory;
    this.owner = { ...identify(process.pid), step: undefined };
  }

  async take(onWait) {
    const draft = `${this.directory}.${process.pid}`;
    rmSync(draft, { recursive: true, force: true });
    mkdirSync(draft);
    writeFileSync(join(draft, 'owner.json'), JSON.stringify(this.owner));
    try {
      while (!moved(draft, this.directory)) {
        const other = ownerOf(this.directory);
        if (other && isAlive(other)) {
          onWait(other.pid);
          await pause(100);
        } else await this.#removeDead(other);
      }
    } finally {
      rmSync(draft, { recursive: true, force: true });
    }
    return this;
  }

  /** Whoever takes over from us shall know which process works for us. */
  record(step) {
    this.owner.step = step;
    const file = join(this.directory, 'owner.json');
    writeFileSync(`${file}.new`, JSON.stringify(this.owner));
    renameSync(`${file}.new`, file);
  }

  release() {
    if (ownerOf(this.directory)?.start === this.owner.start) rmSync(this.directory, { recursive: true, force: true });
  }

  async #removeDead(other) {
    if (other?.step) await killGroup(other.step);
    const dead = `${this.directory}.dead.${process.pid}`;
    rmSync(dead, { recursive: true, force: true });
    if (!moved(this.directory, dead)) return;
    // Somebody may have been quicker than we, and be the owner now: then it is his again.
    if (ownerOf(dead)?.start !== other?.start && moved(dead, this.directory)) return;
    rmSync(dead, { recursive: true, force: true });
  }
}

/** Moving a directory happens whole or not at all, and never onto one that is not empty. */
function moved(from, to) {
  try {
    renameSync(from, to);
    return true;
  } catch (error) {
    if (['ENOTEMPTY', 'EEXIST', 'ENOENT', 'EPERM'].includes(error.code)) return false;
    throw error;
  }
}

function ownerOf(directory) {
  try {
    return JSON.parse(readFileSync(join(directory, 'owner.json'), 'utf8'));
  } catch {
    return undefined;
  }
}
