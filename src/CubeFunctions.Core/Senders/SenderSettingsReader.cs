using CubeFunctions.Core.Model;
using CubeFunctions.Core.Settings;

namespace CubeFunctions.Core.Senders;

/// <summary>Reads one sender's settings; all of them, so that every fault is reported at once.</summary>
internal sealed class SenderSettingsReader(SettingsReader reader, string block)
{
    private const string Expected = "standard-webhooks, hubspot, dataverse, json";
    private static readonly Dictionary<string, string> Extras = new(StringComparer.Ordinal)
    {
        ["Header"] =
            "`json`, `dataverse`: the header with the secret or signature; `json`: `x-webhook-secret`, or `x-webhook-signature` with an encoding",
        ["Query"] = "`dataverse`: the query parameter with the secret; `code`, or the header `x-webhook-secret`, where neither is set",
        ["Encoding"] = "`json`: `hex` or `base64`, where the header holds an HMAC-SHA256 of the body",
        ["Prefix"] = "`json`: what stands before the signature, such as `sha256=`",
        ["Items"] = "`json`, `standard-webhooks`: JSON Pointer to the customers; the whole body where it is empty",
        ["EventId"] = "`json`: JSON Pointer to an event's id",
        ["EventTime"] = "`json`, `standard-webhooks`: JSON Pointer to an event's time; its first arrival where it is empty",
        ["Entity"] = "`hubspot`, `dataverse`: the kind of record that is a customer; `contact` for HubSpot",
        ["PrivacyDeletion"] =
            "`hubspot`: what a contact's deletion for privacy does: `hold` shows it to a person, `erase` erases the customer from this storage account at once; `hold` where it is empty",
    };

    private readonly string _prefix = $"{UpsertSettings.Block}__{block}__";

    /// <summary>The sender; null where its kind is unknown, since then nothing more can be said of it.</summary>
    public SenderSettings? Read()
    {
        var name = block.ToLowerInvariant();
        if (block.Length > 40 || block.Any(c => !char.IsAsciiLetterOrDigit(c) && c != '-'))
        {
            reader.Fault(
                $"{UpsertSettings.Block}__{block}",
                "a sender's name has at most 40 letters a to z, digits and hyphens: it is part of a URL"
            );
        }
        else if (name == UpsertSettings.OwnApi)
        {
            reader.Fault($"{UpsertSettings.Block}__{block}", $"'{name}' is kept for the product's own API");
        }

        var kind = Kind();
        var assignment = Assignment();
        var map = Map();
        var url = reader.Address(_prefix + "PublicUrl", "`hubspot`: the address that HubSpot calls, before any proxy");
        var secrets = Secrets(kind);
        if (kind is not { } known)
        {
            return null;
        }

        if (known == SenderKind.HubSpot && !reader.Has(_prefix + "PublicUrl"))
        {
            Fault("PublicUrl", "is missing: HubSpot signs the address it calls, for example https://{app}.azurewebsites.net");
        }

        if (map.PassesAll && known is SenderKind.HubSpot or SenderKind.Dataverse && !reader.Has(_prefix + "FieldMap"))
        {
            Fault("FieldMap", "is missing: this kind's field names are not Cube's");
        }

        RefuseUnused(known);
        return WithExtras(
            new SenderSettings
            {
                Name = name,
                Kind = known,
                Secrets = secrets,
                AssignmentId = assignment,
                FieldMap = map,
                PublicUrl = url,
            }
        );
    }

    private SenderSettings WithExtras(SenderSettings sender)
    {
        var header = Extra(sender.Kind, "Header");
        var query = Extra(sender.Kind, "Query");
        var encoding = Encoding(sender.Kind);
        var prefix = Extra(sender.Kind, "Prefix");
        if (header is not null && query is not null)
        {
            Fault("Query", "and Header are both set: the secret comes in one of them");
        }

        if (header is not null && header.Any(c => !char.IsAsciiLetterOrDigit(c) && c is not ('-' or '_')))
        {
            Fault("Header", $"'{header}' is not the name of a header");
        }

        if (prefix is not null && sender.Kind == SenderKind.Json && encoding is null)
        {
            Fault("Prefix", "stands before a signature: it needs Encoding (hex or base64)");
        }

        return sender with
        {
            Header =
                header
                ?? (
                    sender.Kind == SenderKind.Json
                        ? encoding is null
                            ? SenderSettings.DefaultHeader
                            : "x-webhook-signature"
                        : null
                ),
            Query = query ?? (sender.Kind == SenderKind.Dataverse && header is null ? SenderSettings.DefaultQuery : null),
            Encoding = encoding,
            Prefix = prefix ?? "",
            Items = Pointer(sender.Kind, "Items") ?? JsonPointer.Root,
            EventId = Pointer(sender.Kind, "EventId"),
            EventTime = Pointer(sender.Kind, "EventTime"),
            Entity = Extra(sender.Kind, "Entity") ?? (sender.Kind == SenderKind.HubSpot ? "contact" : null),
            ErasesOnPrivacyDeletion = PrivacyDeletion(sender.Kind),
        };
    }

    private static bool Uses(SenderKind kind, string extra) =>
        extra switch
        {
            "Header" => kind is SenderKind.Dataverse or SenderKind.Json,
            "Query" => kind is SenderKind.Dataverse,
            "PrivacyDeletion" => kind is SenderKind.HubSpot,
            "Entity" => kind is SenderKind.HubSpot or SenderKind.Dataverse,
            "EventTime" or "Items" => kind is SenderKind.StandardWebhooks or SenderKind.Json,
            _ => kind is SenderKind.Json,
        };

    /// <summary>
    /// A setting without effect is a mistake, and one about signatures a dangerous one: it looks as if something were checked.
    /// </summary>
    private void RefuseUnused(SenderKind kind)
    {
        foreach (var extra in Extras.Keys)
        {
            if (!Uses(kind, extra) && reader.Text(_prefix + extra, Extras[extra]) is not null)
            {
                Fault(extra, "has no meaning for this kind of sender");
            }
        }
    }

    private SenderKind? Kind()
    {
        var text = reader.Text(
            _prefix + "Kind",
            "a sender of webhooks, one block each: `standard-webhooks`, `hubspot`, `dataverse` or `json`; posts to `/api/webhooks/{name}`",
            sample: "json"
        );
        SenderKind? kind = text?.ToLowerInvariant() switch
        {
            "standard-webhooks" => SenderKind.StandardWebhooks,
            "hubspot" => SenderKind.HubSpot,
            "dataverse" => SenderKind.Dataverse,
            "json" => SenderKind.Json,
            _ => null,
        };
        if (kind is null)
        {
            Fault("Kind", text is null ? $"is missing: one of {Expected}" : $"'{text}' is not one of {Expected}");
        }

        return kind;
    }

    private string Assignment()
    {
        var text = reader.Text(
            _prefix + "AssignmentId",
            "the assignment whose customers they are (`17`), or the CRM (`3-B2C`)",
            sample: "17"
        );
        if (text is null)
        {
            Fault("AssignmentId", "is missing: the assignment its customers belong to");
        }
        else if (!Scope.IsAssignmentOrCrm(text))
        {
            Fault("AssignmentId", $"'{text}' is not the id of an assignment (17) or of a CRM (3-B2C)");
        }

        return text ?? "";
    }

    private List<SenderSecret> Secrets(SenderKind? kind)
    {
        var secrets = new List<SenderSecret>(2);
        (string Name, string Doc, string Sample)[] both =
        [
            ("Secret", "what it signs with; a sender without a secret stops the start", "change-this-secret"),
            ("PreviousSecret", "the secret before, while you rotate", ""),
        ];
        foreach (var (name, doc, sample) in both)
        {
            if (reader.Secret(_prefix + name, doc, sample) is { } text)
            {
                if (Key(kind, text) is { } key)
                {
                    secrets.Add(new SenderSecret(key));
                }
                else
                {
                    // The value is not repeated: it is a secret, even misspelt.
                    Fault(name, "is not a Standard Webhooks secret: whsec_ and base64 of at least 24 bytes");
                }
            }
            else if (name == "Secret")
            {
                Fault(name, "is missing: a sender without a secret would be an open door");
            }
        }

        return secrets;
    }

    private static byte[]? Key(SenderKind? kind, string text) =>
        kind == SenderKind.StandardWebhooks ? StandardWebhooksSignature.Key(text) : System.Text.Encoding.UTF8.GetBytes(text);

    private FieldMap Map() =>
        FieldMapSetting.Read(
            reader,
            _prefix + "FieldMap",
            toCube: true,
            "JSON, or the path of a JSON file: Cube's fields from the sender's; all fields pass where it is empty"
        ) ?? FieldMap.PassAll;

    private SignatureEncoding? Encoding(SenderKind kind)
    {
        var text = Extra(kind, "Encoding");
        SignatureEncoding? encoding = text?.ToLowerInvariant() switch
        {
            "hex" => SignatureEncoding.Hex,
            "base64" => SignatureEncoding.Base64,
            _ => null,
        };
        if (text is not null && encoding is null)
        {
            Fault("Encoding", $"'{text}' is neither hex nor base64");
        }

        return encoding;
    }

    private bool PrivacyDeletion(SenderKind kind)
    {
        var text = Extra(kind, "PrivacyDeletion")?.ToLowerInvariant();
        if (text is not (null or "hold" or "erase"))
        {
            Fault("PrivacyDeletion", $"'{text}' is neither hold nor erase");
        }

        return text == "erase";
    }

    private JsonPointer? Pointer(SenderKind kind, string name)
    {
        if (Extra(kind, name) is not { } text)
        {
            return null;
        }

        if (!JsonPointer.TryParse(text, out var pointer))
        {
            Fault(name, $"'{text}' is not a JSON Pointer, such as /data/customers");
        }

        return pointer;
    }

    private string? Extra(SenderKind kind, string name) => Uses(kind, name) ? reader.Text(_prefix + name, Extras[name]) : null;

    private void Fault(string name, string problem) => reader.Fault(_prefix + name, problem);
}
