namespace CubeFunctions.Core.Settings;

/// <summary>What change lines hold.</summary>
public sealed record ChangeSettings
{
    /// <summary>Whether change lines name the labels of tenant-defined fields (<c>crm__custom_info__{n}</c>).</summary>
    public bool LabelCustomFields { get; init; }

    /// <summary>Whether the customer's record is joined to the lines of responses and SMS.</summary>
    public bool JoinCustomer { get; init; }

    /// <summary>Fields whose difference is no change. By default Cube's bookkeeping of who changed a customer, and when.</summary>
    public IReadOnlyList<string> IgnoreFields { get; init; } = Bookkeeping;

    /// <summary>The bookkeeping fields of both shapes.</summary>
    private static readonly string[] Bookkeeping =
    [
        "updated",
        "updated_by",
        "update_method",
        "crm__change_log__updated",
        "crm__change_log__updated_by",
        "crm__change_log__update_method",
    ];

    internal static ChangeSettings Read(SettingsReader reader)
    {
        ArgumentNullException.ThrowIfNull(reader);
        var ignored = reader.List(
            "Changes__IgnoreFields",
            "comma-separated: fields whose difference is no change",
            "`updated`, `updated_by`, `update_method` and their later names"
        );
        return new ChangeSettings
        {
            LabelCustomFields = reader.Flag(
                "Changes__LabelCustomFields",
                false,
                "`true`: the labels of `crm__custom_info__{n}` beside the record"
            ),
            JoinCustomer = reader.Flag(
                "Changes__JoinCustomer",
                false,
                "`true`: the customer's record beside each response and SMS of a change file"
            ),
            IgnoreFields = ignored.Count > 0 ? ignored : Bookkeeping,
        };
    }
}
