using CubeFunctions.Core.Endpoints;
using CubeFunctions.Core.Storage;
using CubeFunctions.Core.Upserts;
using Microsoft.AspNetCore.Http;
using Microsoft.Azure.Functions.Worker;

namespace CubeFunctions;

/// <summary>Triggers of the upserts lane.</summary>
public sealed class UpsertFunctions(UpsertEndpoints endpoints, UpsertWorker worker)
{
    /// <summary>Takes customers in Cube's own field names.</summary>
    [Function(nameof(PostCustomers))]
    public Task<IResult> PostCustomers(
        [HttpTrigger(AuthorizationLevel.Function, "post", Route = "assignments/{assignmentId}/customers")] HttpRequest request,
        string assignmentId,
        CancellationToken cancellationToken
    ) => endpoints.PostCustomersAsync(request, assignmentId, cancellationToken);

    /// <summary>Takes a CRM's webhook. Anonymous to the platform: the sender's proof is the door.</summary>
    [Function(nameof(ReceiveWebhook))]
    public Task<IResult> ReceiveWebhook(
        [HttpTrigger(AuthorizationLevel.Anonymous, "post", Route = "webhooks/{sender}")] HttpRequest request,
        string sender,
        CancellationToken cancellationToken
    ) => endpoints.ReceiveAsync(request, sender, cancellationToken);

    /// <summary>Tells where an upsert stands.</summary>
    [Function(nameof(GetUpsert))]
    public Task<IResult> GetUpsert(
        [HttpTrigger(AuthorizationLevel.Function, "get", Route = "upserts/{id}")] HttpRequest request,
        string id,
        CancellationToken cancellationToken
    ) => endpoints.GetAsync(id, cancellationToken);

    /// <summary>Delivers a customer's mail to Cube.</summary>
    [Function(nameof(DeliverUpserts))]
    public Task DeliverUpserts(
        [QueueTrigger(StorageNames.UpsertsQueue, Connection = "CubeStorage")] string message,
        CancellationToken cancellationToken
    ) => worker.HandleAsync(message, cancellationToken);

    /// <summary>Ends the upserts of a customer whose message failed too often.</summary>
    [Function(nameof(DeliverUpsertsPoison))]
    public Task DeliverUpsertsPoison(
        [QueueTrigger(StorageNames.UpsertsQueue + StorageNames.PoisonSuffix, Connection = "CubeStorage")] string message,
        CancellationToken cancellationToken
    ) => worker.HandlePoisonAsync(message, cancellationToken);
}
