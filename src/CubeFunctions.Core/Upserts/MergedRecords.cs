namespace CubeFunctions.Core.Upserts;

/// <summary>Carries the pending events of a record that was merged in the CRM to the customer of the record that remains.</summary>
internal static class MergedRecords
{
    private const string Done = "merged in the CRM: pending events were carried to the record that remains";
    private const string Carried = "carried to the record that this one was merged into";

    /// <summary>Whether a merge waits to be done, or events came for a record that was merged before.</summary>
    public static bool HasWork(MailboxContent content, List<UpsertRow> events) =>
        events.Exists(row => row.MergedInto is not null || IsToCarry(row, content.MergedAt));

    /// <summary>Carries. Afterwards, or where another worker took the mailbox, it is to be read again.</summary>
    /// <param name="tools">What all deliveries work with.</param>
    /// <param name="mailbox">The mailbox of the record that is no more.</param>
    /// <param name="events">Its pending events.</param>
    /// <param name="notifyAsync">Sends a message for a customer.</param>
    /// <param name="cancellationToken">Ends the work. Carrying twice has the same effect.</param>
    public static async Task CarryAsync(
        DeliveryTools tools,
        MailboxRow mailbox,
        List<UpsertRow> events,
        Func<string, TimeSpan, CancellationToken, Task> notifyAsync,
        CancellationToken cancellationToken
    )
    {
        var content = mailbox.Content;
        foreach (var merge in events.Where(row => row.MergedInto is not null && !(row.EventTime < content.MergedAt)))
        {
            (content.MergedInto, content.MergedKey, content.MergedAt) = (merge.MergedInto, merge.MergedKey, merge.EventTime);
        }

        await using var lease = await tools.Store.TryAcquireAsync(mailbox, tools.Lease, cancellationToken);
        if (lease is null)
        {
            return;
        }

        try
        {
            var ends = events
                .Where(row => row.MergedInto is not null)
                .Select(row => new UpsertEnd(row, UpsertState.Ignored, Done))
                .ToList();
            foreach (var row in events.Where(row => row.MergedInto is null && IsToCarry(row, content.MergedAt)))
            {
                await tools.Store.AddAsync(Copy(row, content), cancellationToken);
                ends.Add(new UpsertEnd(row, UpsertState.Superseded, Carried));
            }

            await notifyAsync(content.MergedKey!, TimeSpan.Zero, cancellationToken);
            await tools.Store.EndAsync(ends, cancellationToken);
        }
        finally
        {
            await tools.ReleaseAsync(lease);
        }
    }

    /// <summary>A merge back would send an event round in circles: each merge carries it once.</summary>
    private static bool IsToCarry(UpsertRow row, DateTimeOffset? mergedAt) => mergedAt is { } merged && !(row.CarriedAt >= merged);

    private static UpsertRow Copy(UpsertRow row, MailboxContent content) =>
        new()
        {
            PartitionKey = content.MergedKey!,
            RowKey = row.RowKey,
            Sender = row.Sender,
            AssignmentId = row.AssignmentId,
            CustomerId = content.MergedInto,
            EventTime = row.EventTime,
            AcceptedAt = row.AcceptedAt,
            Dropped = row.Dropped,
            Body = row.Body,
            PostId = row.PostId,
            Values = row.Values,
            ValuesBlob = row.ValuesBlob,
            CarriedAt = content.MergedAt,
        };
}
