using CubeFunctions.Core.Senders;
using CubeFunctions.Core.Settings;

namespace CubeFunctions.Core.Delivery;

/// <summary>Who gets the changes: a receiver of the user's own, such as a Logic App or a function.</summary>
public sealed record CrmSettings
{
    /// <summary>Where changes are POSTed.</summary>
    public required Uri Url { get; init; }

    /// <summary>What they are signed with, as the Standard Webhooks specification says.</summary>
    internal SenderSecret Secret { get; init; } = new([]);

    /// <summary>Whether the first snapshot of a scope, in which everyone is new, is delivered too. Default false.</summary>
    public bool Baseline { get; init; }

    /// <summary>What the receiver gets of a customer's record; null for the record as Cube sent it.</summary>
    public FieldMap? FieldMap { get; init; }

    /// <summary>Null where no receiver is set.</summary>
    internal static CrmSettings? Read(SettingsReader reader)
    {
        var url = reader.Address(
            "Changes__Crm__Url",
            "where changes are POSTed: a receiver of yours; nowhere where it is empty",
            isSecret: true
        );
        var secret = reader.Secret(
            "Changes__Crm__Secret",
            "what deliveries are signed with: `whsec_` and base64 of at least 24 bytes of your own making"
        );
        var baseline = reader.Flag("Changes__Crm__Baseline", false, "`true`: the first reading of a scope and feed is delivered too");
        var map = FieldMapSetting.Read(
            reader,
            "Changes__Crm__FieldMap",
            toCube: false,
            "JSON, or the path of a JSON file: the receiver's names from Cube's fields; the record as it is where it is empty"
        );
        if (!reader.Has("Changes__Crm__Url"))
        {
            return null;
        }

        var key = secret is null ? null : StandardWebhooksSignature.Key(secret);
        if (secret is null)
        {
            reader.Fault("Changes__Crm__Secret", "is missing: what is delivered to Changes__Crm__Url is signed with it");
        }
        else if (key is null)
        {
            // The value is not repeated: it is a secret, even misspelt.
            reader.Fault("Changes__Crm__Secret", "is not a Standard Webhooks secret: whsec_ and base64 of at least 24 bytes");
        }

        return url is null || key is null
            ? null
            : new CrmSettings
            {
                Url = url,
                Secret = new SenderSecret(key),
                Baseline = baseline,
                FieldMap = map,
            };
    }
}
