"""The files and keys of a template as LSP4IJ 0.20 documents and reads them. Knows no template.

Sources, of the repository redhat-developer/lsp4ij, each with the commit that was read:

- FILES, INSTALLER, TASKS: docs/UserDefinedLanguageServerTemplate.md (4251cee7), and for files that
  it does not list the constants of launching/templates/LanguageServerTemplate.java (8363e8c8);
- TEMPLATE, ENV, MAPPING, FILE_TYPE: templates/ServerTemplate.java (002d652c) and
  templates/ServerTemplateJsonDeserializer.java (9eae9847);
- SYSTEMS: the keys of operating systems in templates/ServerTemplate.java (002d652c);
- EXEC: installation/definition/tasks/ExecTask.java (eccef59a) and its factory.
"""

from __future__ import annotations

FILES = frozenset(
    {
        "template.json",
        "settings.json",
        "settings.schema.json",
        "initializationOptions.json",
        "experimental.json",
        "clientSettings.json",
        "installer.json",
        "workspaceFolderSettings.json",
        "README.md",
    }
)
REQUIRED_FILE = "template.json"

TEMPLATE = {
    "id": str,
    "name": str,
    "url": str,
    "dev": bool,
    "programArgs": dict,
    "workingDir": str,
    "env": dict,
    "expandConfiguration": bool,
    "disablePromotionFor": list,
    "fileTypeMappings": list,
    "languageMappings": list,
}
"""Keys of `template.json` and what they hold."""
SYSTEMS = frozenset({"default", "windows", "mac", "unix"})
"""Keys of what differs by operating system; `default` is for those without one of their own."""
ENV = {"includeSystemEnvironmentVariables": bool, "variables": dict}
MAPPING = {"fileType": dict, "languageId": str}
FILE_TYPE = {"name": str, "patterns": list}

INSTALLER = {
    "id": str,
    "name": str,
    "executeOnStartServer": bool,
    "properties": dict,
    "check": dict,
    "run": dict,
}
TASKS = frozenset({"exec", "download", "configureServer"})
"""Kinds of steps; `check`, `run`, `onSuccess` and `onFail` hold one, by its kind."""
STEP = {"id": str, "name": str, "onSuccess": dict, "onFail": dict}
"""What every step may have."""
EXEC = {"command": object, "workingDir": str, "timeout": int, "ignoreStderr": bool}
CONFIGURE_SERVER = {"command": object, "update": bool}

SERVER_COMMAND = "${server.command}"
"""Alone as a step's command: the command of the tab Server."""
HOME = "$USER_HOME$"
