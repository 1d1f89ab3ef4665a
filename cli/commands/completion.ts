/** `trailseal completion bash|zsh|fish`: the script that completes commands, options, controls and Regions in a shell. */
import tab from '@bomb.sh/tab/commander';
import type { Command } from 'commander';
import { controls } from '../../lib/services/catalogue.ts';

/**
 * Adds the command, once all others are there. What takes one of some values completes them by itself.
 * @example addCompletion(program)
 */
export function addCompletion(program: Command): void {
  const completion = tab(program, { completionCommandName: 'completion' });
  for (const command of completion.commands.values()) {
    const control = command.options.get('control');
    if (control !== undefined) control.handler = completeControls;
  }
  const id = completion.commands.get('controls')?.arguments.get('id');
  if (id !== undefined) id.handler = completeControls;
}

function completeControls(complete: (value: string, description: string) => void): void {
  for (const { id, title } of controls) complete(id, title);
}
