/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* topics.c -- the table of topics. */
#include "cli/topics.h"

#include <string.h>

#include "cli/i18n.h"

const struct topic topics[] = {
    {
        .name = "start",
        .question = N_("How do I begin?"),
        .examples = {"", "init --language en", "group new Circle --as Wren"},
        .lines =
            {
                N_("Type: kring. It asks, and you choose a number."),
                N_("It asks for a language, a passphrase and a name."),
                N_("It never asks for a real name or a telephone number."),
                N_("Were you invited? Choose: Join with an invitation."),
                N_("0 goes back. ? explains. u takes a text back."),
            },
    },
    {
        .name = "invite",
        .question = N_("How do I let somebody in?"),
        .examples = {"invite Circle", "invite Circle --keeper",
                     "join --as Otter < invitation"},
        .lines =
            {
                N_("Make one invitation for each person. It works once."),
                N_("It works for a day. Give it by hand or on paper."),
                N_("Who has the invitation can come in. Show nobody else."),
                N_("Keep kring open, until this person is in."),
                N_("Who joins sees texts from then on, not older ones."),
                N_("A keeper can let people in. Have two keepers or more."),
            },
    },
    {
        .name = "talk",
        .question = N_("What is gone, and what is kept?"),
        .examples = {"group new Circle --talk 7", "stay Circle --talk 30",
                     "say Circle --kept < text"},
        .lines =
            {
                N_("It stands in brackets, beside the name of the group."),
                N_("Talk is gone after a day, a week or a month."),
                N_("What is kept stays."),
                N_("A keeper can change it for new texts. Everybody sees that."),
                N_("One text can stay longer or shorter than the others."),
                N_("A text waits 30 seconds. Type u to take it back."),
                N_("Gone texts are gone where kring is honest. Others can copy."),
                N_("A backup brings back what was gone."),
            },
    },
    {
        .name = "lock",
        .question = N_("How do I close kring fast?"),
        .examples = {"lock"},
        .lines =
            {
                N_("In kring, l locks where a number is asked for."),
                N_("It also locks by itself when nobody types."),
                N_("Closing the lid does not lock. Lock before you close it."),
                N_("While it sleeps, the memory holds all. It locks on waking."),
                N_("A window that is closed locks, too."),
                N_("Open without its screens, it waits until you lock."),
                N_("A text you did not finish is kept, locked."),
                N_("Every kring of yours on this device closes at once."),
                N_("Then only your words open it. Nothing arrives until then."),
                N_("Who makes you open it can read everything. Keep little."),
            },
    },
    {
        .name = "words",
        .question = N_("What are the six words?"),
        .examples = {"passphrase"},
        .lines =
            {
                N_("They open kring on this device. Nobody else has them."),
                N_("Nobody can reset your words. Not even who made kring."),
                N_("Learn them, or keep them on paper in a safe place."),
                N_("Four letters of each word are enough."),
                N_("Type them only on a device you trust."),
                N_("An older backup opens with the words of that day."),
            },
    },
    {
        .name = "lost",
        .question = N_("My device or my words are lost. What now?"),
        .examples = {"restore /media/stick/copy", "join --as Otter < invitation"},
        .lines =
            {
                N_("Do you have a backup and its words? Put it back."),
                N_("Without a backup you begin again. Ask for a new invitation."),
                N_("Your old name stays in the list. Nobody can be removed yet."),
                N_("Who has your device needs your words to read it."),
                N_("Did somebody see your words? Then all of it can be read."),
                N_("Tell your group, in person."),
            },
    },
    {
        .name = "language",
        .question = N_("How do I change the language?"),
        .examples = {"set language nl", "set texts pl", "help safety --language nl"},
        .lines =
            {
                N_("kring remembers the language you set."),
                N_("It does so on every computer, in whatever language that is."),
                N_("With --language it is for this one time."),
                N_("Your texts say in which language they are."),
                N_("Do you write in another one? Set it, or: none."),
            },
    },
    {
        .name = "large",
        .question = N_("How do I get large letters?"),
        .examples = {"set large on", "--large"},
        .lines =
            {
                N_("Make the letters of the window larger first."),
                N_("In many windows: hold Ctrl, and press plus."),
                N_("kring then writes at most 28 letters on a line."),
                N_("An empty line stands between one thing and the next."),
                N_("kring stops when the window is full. Enter goes on."),
            },
    },
    {
        .name = "programs",
        .question = N_("How do other programs use kring?"),
        .examples = {"groups --json", "read Circle --json", "say Circle --json < text"},
        .lines =
            {
                N_("Each line is an object. docs/json.md says what is in it."),
                N_("Texts and invitations come on standard input."),
                N_("Where nobody can answer, an option does."),
            },
    },
    {
        .name = "safety",
        .question = N_("What can kring not do?"),
        .examples = {"lock"},
        .lines =
            {
                N_("A member can photograph the screen."),
                N_("An open device shows what it holds. Close kring when you leave."),
                N_("Size and date of files show that kring is used here."),
                N_("Memory cards and disks keep old pieces for a while."),
                N_("A backup brings back what was gone."),
                N_("Gone texts are gone where kring is honest. Others can copy."),
                N_("Who watches the network sees that devices talk, and when."),
                N_("One address in two groups shows it is the same device."),
                N_("Each device keeps who let whom in."),
                N_("Your device proves that your name wrote your texts."),
                N_("Nobody can take that back later."),
                N_("In a group of strangers, expect a stranger who listens."),
                N_("Nobody can reset your words. Not even who made kring."),
                N_("This is no advice about the law."),
            },
    },
};
const size_t topics_count = sizeof topics / sizeof *topics;

const struct topic *topic_called(const char *name)
{
    for (size_t i = 0; i < topics_count; i++)
        if (strcmp(topics[i].name, name) == 0)
            return &topics[i];
    return NULL;
}
