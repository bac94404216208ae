package io.rawcow.cli;

/** For whom a command writes; spelled as on the command line. */
enum OutputFormat {
    human,
    json
}
