@rem The script of `npm start` begins with exec, so that its shell is replaced and signals reach the launcher. cmd.exe has
@rem no such command, and looks for one here: this runs what follows it.
@%*
