using System.Text.Json;
using System.Text.Json.Serialization;

namespace CubeFunctions.Benchmarks.Compare;

/// <summary>List prices, kept as data with their source and date in <c>prices.json</c>. Free grants are left out.</summary>
internal sealed record Prices(
    string Source,
    string Date,
    string Currency,
    IReadOnlyDictionary<TransactionKind, double> Per10000,
    double StorageGigabyteMonth,
    double ComputeGigabyteSecond,
    double MillionExecutions,
    double InstanceGigabytes
)
{
    public static Prices Read() =>
        JsonSerializer.Deserialize(File.ReadAllBytes(Path.Combine(AppContext.BaseDirectory, "prices.json")), PricesJson.Default.Prices)!;

    public double OfTransactions(Transactions transactions) =>
        Enum.GetValues<TransactionKind>().Sum(kind => transactions.CountOf(kind) * Per10000[kind] / 10_000);

    /// <summary>
    /// One instance for as long as a run took, the start of the command left out, and an execution for each message that it took.
    /// </summary>
    public double OfCompute(Sample sample) =>
        ((sample.Wall - sample.ToFirstRequest) * InstanceGigabytes * ComputeGigabyteSecond)
        + (sample.Storage.All.Count(one => one.Kind == TransactionKind.Queue && one.Method == "DELETE") * MillionExecutions / 1e6);

    public double OfCapacity(double bytes) => bytes / 1e9 * StorageGigabyteMonth;
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(Prices))]
internal sealed partial class PricesJson : JsonSerializerContext;
