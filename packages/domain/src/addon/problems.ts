export const addonProblems = {
  "addon.not_found": {
    status: 404,
    title: "There is no such add-on",
    next: ["berth addon list --app APP"],
  },
  "addon.exists": {
    status: 409,
    title: "There is an add-on of that name already",
    hint: "Give the other one a name of its own, with --name.",
    next: ["berth addon list --app APP"],
  },
  "addon.kept": {
    status: 409,
    title: "The data of an add-on that was removed is kept under that name",
    hint: "Add it again as what it was, and upgrade it then; or take another name with --name.",
  },
  "addon.not_live": {
    status: 409,
    title: "What is live does not have the add-on as it is now",
    hint: "An upgrade begins from what runs. Deploy first.",
    next: ["berth deploy", "berth addon show NAME"],
  },
  "addon.several": {
    status: 409,
    title: "An add-on on several servers cannot get another version",
    hint: "Every server has data of its own. Move the app to one server, or add another add-on of the new version with --name and load a dump into it.",
  },
  "addon.too_many": {
    status: 409,
    title: "There are too many add-ons in this environment",
    hint: "Remove those that it does not need any more. Names of removed add-ons count while their data is kept.",
    next: ["berth addon list --app APP"],
  },
} as const;
